#include "graph/pickle.h"

#include <gmock/gmock.h>

#include "graph/pytorch_writer.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

using namespace pickle;
using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Unpickled read(const std::string& bytes) {
  ByteCursor in(bytes_of(bytes), "net.pth: data.pkl");
  Unpickled pickled = unpickle(in);
  EXPECT_EQ(in.left(), 0U) << bytes;
  return pickled;
}

template <typename T>
T value(const std::string& bytes) {
  const Unpickled pickled = read(bytes + ".");
  const T* found = pickled.heap.get<T>(pickled.root);
  if (found == nullptr) {
    ADD_FAILURE() << bytes << " gives another kind";
    return {};
  }
  return *found;
}

std::int64_t number(const std::string& bytes) { return value<std::int64_t>(bytes); }
std::size_t length(const std::string& bytes) { return value<Sequence>(bytes).items.size(); }

/// Texts are views of the pickle.
std::string text(const std::string& bytes) {
  const std::string whole = bytes + ".";
  const Unpickled pickled = read(whole);
  const Text* found = pickled.heap.get<Text>(pickled.root);
  return found == nullptr ? "no text" : std::string(found->text);
}

std::string refused(const std::string& bytes) {
  const Error error = thrown_by([&] { (void)read(bytes); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), StartsWith("net.pth: data.pkl: at byte "));
  return error.what();
}

TEST(Pickle, ReadsNumbersOfEveryProtocol) {
  EXPECT_EQ(number("K\xFF"), 255);
  EXPECT_EQ(number("M\x01\x02"), 513);
  EXPECT_EQ(number("J\xFE\xFF\xFF\xFF"), -2);
  EXPECT_EQ(number("I-12\n"), -12);
  EXPECT_EQ(number("L9223372036854775807L\n"), INT64_MAX);
  EXPECT_EQ(number("\x8a\0"s), 0);
  EXPECT_EQ(number("\x8a\x01\xFF"), -1);
  EXPECT_EQ(number("\x8a\x02\xFF\0"s), 255);
  EXPECT_EQ(number("\x8b" + raw<std::uint32_t>(8) + raw(INT64_MIN)), INT64_MIN);
  EXPECT_TRUE(value<bool>("\x88"));
  EXPECT_FALSE(value<bool>("\x89"));
  EXPECT_TRUE(value<bool>("I01\n"));
  (void)value<None>("N");
  for (const std::string& other :
       {"F1.5\n"s, "G12345678"s, "L9223372036854775808L\n"s, "\x8a\x09_________"s, "(NN\x91"s}) {
    (void)value<Other>(other);
  }
  for (const std::string& bytes : {"C\x02xy"s, "B\x01\0\0\0x"s, "\x8e\x01\0\0\0\0\0\0\0x"s}) {
    (void)value<Bytes>(bytes);
  }
}

TEST(Pickle, ReadsTextsOfEveryProtocol) {
  EXPECT_EQ(text("\x80\x02" + op::text("weight")), "weight");
  EXPECT_EQ(text("\x80\x04\x8c\x02hi"), "hi");
  EXPECT_EQ(text("\x8d" + raw<std::uint64_t>(2) + "hi"), "hi");
  EXPECT_EQ(text("U\x02hi"), "hi");
  EXPECT_EQ(text("T" + raw<std::uint32_t>(2) + "hi"), "hi");
  EXPECT_EQ(text("Vhi\n"), "hi");
  EXPECT_EQ(text("S'hi'\n"), "hi");
  EXPECT_EQ(text(op::text("")), "");
}

TEST(Pickle, FillsContainers) {
  EXPECT_EQ(length(")"), 0U);
  EXPECT_EQ(length("K\x01\x85"), 1U);
  EXPECT_EQ(length("NN\x86"), 2U);
  EXPECT_EQ(length("NNN\x87"), 3U);
  EXPECT_EQ(length("(NNNNt"), 4U);
  EXPECT_EQ(length("(NNl"), 2U);
  EXPECT_EQ(length("]NaNa"), 2U);
  EXPECT_EQ(length("](NNe(Ne"), 3U);
  EXPECT_EQ(value<Dict>("(NNd").items.size(), 1U);
  EXPECT_EQ(value<Dict>("}NNs(NNNNu").items.size(), 3U);
  // The items stay in order.
  const Unpickled pickled = read("K\x01K\x02K\x03\x87.");
  const Sequence* items = pickled.heap.get<Sequence>(pickled.root);
  ASSERT_NE(items, nullptr);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(*pickled.heap.get<std::int64_t>(items->items[i]), static_cast<int>(i) + 1);
  }
}

TEST(Pickle, RemembersAndForgets) {
  EXPECT_EQ(number("K\x07q\0NN0"s + "0h\0"s), 7);
  EXPECT_EQ(number("K\x07r" + raw<std::uint32_t>(0xFFFFFFFF) + "Nj" + raw<std::uint32_t>(~0U)), 7);
  EXPECT_EQ(number("K\x07p12\nNg12\n"), 7);
  EXPECT_EQ(number("\x80\x04K\x07\x94N\x94h\0"s), 7);
  EXPECT_EQ(number("K\x07(NN1"), 7);
  EXPECT_EQ(number("K\x07(0"), 7);
  EXPECT_EQ(length("N2\x86"), 2U);
}

TEST(Pickle, AFrameIsOnlyALength) {
  EXPECT_EQ(number("\x80\x04\x95" + raw<std::uint64_t>(3) + "K\x05"), 5);
}

TEST(Pickle, CallsNothing) {
  const auto type = [](const std::string& bytes) {
    const std::string whole = bytes + ".";
    const Unpickled pickled = read(whole);
    EXPECT_NE(pickled.heap.get<Object>(pickled.root), nullptr) << bytes;
    return pickled.heap.type_name(pickled.root);
  };
  EXPECT_EQ(type("cos\nsystem\nVtrue\n\x85R"), "os.system");
  EXPECT_EQ(type("\x8c\x02os\x8c\x06system\x93)R"), "os.system");
  EXPECT_EQ(type("(Vtrue\nios\nsystem\n"), "os.system");
  EXPECT_EQ(type("(cos\nsystem\nVtrue\no"), "os.system");
  EXPECT_EQ(type("cos\nsystem\n)\x81"), "os.system");
  EXPECT_EQ(type("cos\nsystem\n)}\x92"), "os.system");
  EXPECT_EQ(type("cos\nsystem\n)R)R)\x81}b"), "os.system");
  EXPECT_EQ(type("cos\nsystem\n)R]a(NNu"), "os.system");
  EXPECT_EQ(type("N)R"), "no global");
  EXPECT_EQ(type("\x8f(NN\x90"), "set");
  EXPECT_EQ(type("c" + std::string(300, 'x') + "\nf\n)R"), std::string(80, 'x') + "....f");
}

TEST(Pickle, RefusesWhatIsNoPickleOfTorchSave) {
  EXPECT_THAT(refused(""), HasSubstr("1 more bytes were expected"));
  EXPECT_THAT(refused("N"), HasSubstr("1 more bytes were expected"));
  EXPECT_THAT(refused("."), HasSubstr("stack is empty"));
  EXPECT_THAT(refused("a."), HasSubstr("stack is empty"));
  EXPECT_THAT(refused("N(0)\x87."), HasSubstr("stack is empty"));
  EXPECT_THAT(refused("N(\x85."), HasSubstr("stack is empty"));
  EXPECT_THAT(refused("N(."), HasSubstr("stack is empty"));
  EXPECT_THAT(refused("Nt."), HasSubstr("no mark"));
  EXPECT_THAT(refused("h\x05."), HasSubstr("memo has no value 5"));
  EXPECT_THAT(refused("NNa."), HasSubstr("no list"));
  EXPECT_THAT(refused("NNNs."), HasSubstr("no dictionary"));
  EXPECT_THAT(refused("}(Nu."), HasSubstr("a key without a value"));
  EXPECT_THAT(refused("cos\nsystem."), HasSubstr("a line was expected"));
  EXPECT_THAT(refused("cos\nsystem\nNR."), HasSubstr("arguments of a call are no tuple"));
  EXPECT_THAT(refused("NN\x93."), HasSubstr("named by what is no text"));
  EXPECT_THAT(refused("(o."), HasSubstr("no class"));
  EXPECT_THAT(refused("NQ."), HasSubstr("persistent id are no tuple"));
  EXPECT_THAT(refused(")Q."), HasSubstr("neither a storage nor a module"));
  EXPECT_THAT(refused("Ix\n."), HasSubstr("a whole number was expected"));
  EXPECT_THAT(refused("Sx\n."), HasSubstr("in quotes"));
  EXPECT_THAT(refused("gx\n."), HasSubstr("an index of the memo was expected"));
  EXPECT_THAT(refused("\x80\x06N."), HasSubstr("of protocol 6, at most 5"));
  EXPECT_THAT(refused("\x95" + raw<std::uint64_t>(3) + "N."), HasSubstr("ends behind the file"));
  EXPECT_THAT(refused("\x8d" + raw(~0ULL) + "N."), HasSubstr("18446744073709551615 more bytes"));
  EXPECT_THAT(refused("\x8b\xFF\xFF\xFF\xFFN."), HasSubstr("4294967295 more bytes"));
  for (const std::string& opcode : {"\x82\x01"s, "Pid\n"s, "\x97"s, "\x98"s, "~"s}) {
    EXPECT_THAT(refused("N" + opcode + "."), HasSubstr("which torch.save does not write"));
  }
}

TEST(Pickle, RefusesStoragesAndTensorsOfAnotherForm) {
  const std::string tail = op::text("0") + op::text("cpu");
  const std::string kind = "(" + op::text("storage") + op::global("torch", "FloatStorage");
  EXPECT_THAT(refused(kind + "tQ."), HasSubstr("another number of fields"));
  EXPECT_THAT(refused(kind + tail + "K\x01NNtQ."), HasSubstr("another number of fields"));
  EXPECT_THAT(refused(kind + tail + "NtQ."), HasSubstr("is of another kind"));
  EXPECT_THAT(refused(kind + tail + op::whole(-1) + "tQ."), HasSubstr("is of another kind"));
  EXPECT_THAT(refused(kind + "NNK\x01tQ."), HasSubstr("is of another kind"));
  EXPECT_THAT(refused(kind + op::text(std::string(201, '1')) + "NK\x01tQ."), HasSubstr("too long"));
  EXPECT_THAT(refused(kind + tail + "K\x05K\x01tQ."), HasSubstr("no tuple"));
  EXPECT_THAT(refused(kind + tail + "K\x05(NK\x03K\x03ttQ."), HasSubstr("no part of the one"));
  EXPECT_THAT(refused(kind + tail + "K\x05(NK\x03ttQ."), HasSubstr("no part of the one"));
  const std::string rebuild = op::global("torch._utils", "_rebuild_tensor_v2");
  const std::string storage = kind + tail + "K\x05tQ";
  EXPECT_THAT(refused(rebuild + "(" + storage + "K\x01)tR."), HasSubstr("too few arguments"));
  EXPECT_THAT(refused(rebuild + "(" + storage + "N))tR."), HasSubstr("do not match"));
  EXPECT_THAT(refused(rebuild + "(" + storage + "K\x01N)tR."), HasSubstr("do not match"));
  EXPECT_THAT(refused(rebuild + "(" + storage + "K\x01(Nt(NttR."), HasSubstr("do not match"));
}

TEST(Pickle, LimitsItsSteps) {
  // 4 million are allowed; each turn takes two and leaves nothing.
  std::string turns(2'000'000 * 3, '0');
  for (std::size_t i = 0; i < turns.size(); i += 3) turns.replace(i, 2, "h\x01");
  EXPECT_THAT(refused("Nq\x01" + turns + "."), HasSubstr("over 4000000 steps"));
  // 3000 items, copied 3000 times.
  std::string copies = "](";
  for (int i = 0; i < 3000; ++i) copies += "NN\x86";
  copies += "eq\x01";
  for (int i = 0; i < 3000; ++i) copies += "ccollections\nOrderedDict\n(h\x01tR0";
  EXPECT_THAT(refused(copies + "."), HasSubstr("copies too much"));
}

}  // namespace
}  // namespace pollard::test
