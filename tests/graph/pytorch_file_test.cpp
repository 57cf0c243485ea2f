// Checkpoints put together by hand, in both formats of torch.save: what is found in them.
#include "pollard/pytorch_file.h"

#include <gmock/gmock.h>

#include <array>

#include "graph/pytorch_writer.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::StartsWith;

/// Storage "0": the floats 0, 1, 2 ... 11.
const op::Storage kFloats{"FloatStorage", "0", 12};
const std::string kTwelve = raw<float>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});

TensorMap decode_new(const std::string& value,
                     std::map<std::string, std::string> storages = {{"0", kTwelve}}) {
  return decode_pytorch(bytes_of(new_file(pickled(value), storages)), "net.pth");
}

TensorMap decode_old(const std::string& value) {
  return decode_pytorch(bytes_of(old_file(pickled(value), {{"0", {12, kTwelve}}})), "net.pth");
}

/// The error for a file, which names it.
Error refused(const std::string& file) {
  const Error error = thrown_by([&] { (void)decode_pytorch(bytes_of(file), "net.pth"); });
  EXPECT_EQ(error.code(), ErrorCode::Input) << error.what();
  EXPECT_THAT(error.what(), StartsWith("net.pth: "));
  EXPECT_FALSE(error.hint().empty()) << error.what();
  return error;
}

/// The error for a pickled value in a zip archive.
std::string refused_value(const std::string& value) {
  return refused(new_file(pickled(value), {{"0", kTwelve}})).what();
}

std::vector<float> floats(const HostTensor& tensor) {
  return {tensor.f32().begin(), tensor.f32().end()};
}

const std::string kWeight = op::tensor(kFloats, 0, {3, 4}, {4, 1});
const std::string kBias = op::tensor(kFloats, 3, {2}, {1});

// ---- tensors ----------------------------------------------------------------------------------

TEST(PytorchFile, ReadsBothFormats) {
  const std::string state = op::dict({{"fc.weight", kWeight}, {"fc.bias", kBias}});
  for (const TensorMap& tensors : {decode_new(state), decode_old(state)}) {
    ASSERT_THAT(tensors, ElementsAre(Key("fc.bias"), Key("fc.weight")));
    EXPECT_EQ(tensors.at("fc.weight").shape, (Shape{3, 4}));
    EXPECT_THAT(floats(tensors.at("fc.weight")), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    EXPECT_EQ(tensors.at("fc.bias").shape, (Shape{2}));
    EXPECT_THAT(floats(tensors.at("fc.bias")), ElementsAre(3, 4));
  }
}

TEST(PytorchFile, ReadsZip64AndArchivesWithAComment) {
  const std::string pickle = pickled(op::dict({{"w", kWeight}}));
  const auto names = [](std::string_view file) {
    return decode_pytorch(bytes_of(file), "net.pth").size();
  };
  EXPECT_EQ(names(new_file(pickle, {{"0", kTwelve}}, Zip64::Yes)), 1U);
  std::string commented = new_file(pickle, {{"0", kTwelve}});
  commented.back() = '\0';
  commented[commented.size() - 2] = '\x03';  // the comment's length
  EXPECT_EQ(names(commented + "abc"), 1U);
}

TEST(PytorchFile, GathersStridedViews) {
  const TensorMap tensors = decode_new(op::dict({
      {"transposed", op::tensor(kFloats, 0, {4, 3}, {1, 4})},
      {"every second", op::tensor(kFloats, 1, {3}, {2})},
      {"expanded", op::tensor(kFloats, 5, {2, 2}, {0, 1})},
      {"scalar", op::tensor(kFloats, 11, {}, {})},
      {"empty", op::tensor(kFloats, 12, {0, 3}, {3, 1})},
      // A dimension of one element has any stride, and batch * channel * row * column with
      // channels_last is 12, 1, 4, 2 for [1, 2, 3, 2].
      {"one", op::tensor(kFloats, 7, {1, 2, 1}, {INT64_MAX, 3, INT64_MAX})},
      {"channels last", op::tensor(kFloats, 0, {1, 2, 3, 2}, {12, 1, 4, 2})},
  }));
  EXPECT_THAT(floats(tensors.at("transposed")), ElementsAre(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11));
  EXPECT_THAT(floats(tensors.at("every second")), ElementsAre(1, 3, 5));
  EXPECT_THAT(floats(tensors.at("expanded")), ElementsAre(5, 6, 5, 6));
  EXPECT_THAT(floats(tensors.at("scalar")), ElementsAre(11));
  EXPECT_THAT(tensors.at("scalar").shape, IsEmpty());
  EXPECT_EQ(tensors.at("empty").shape, (Shape{0, 3}));
  EXPECT_THAT(floats(tensors.at("one")), ElementsAre(7, 10));
  EXPECT_THAT(floats(tensors.at("channels last")),
              ElementsAre(0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11));
}

TEST(PytorchFile, KeepsEveryType) {
  using enum DType;
  const std::vector<std::pair<std::string, DType>> types = {
      {"DoubleStorage", F64},    {"FloatStorage", F32}, {"HalfStorage", F16},
      {"BFloat16Storage", BF16}, {"LongStorage", I64},  {"IntStorage", I32},
      {"ShortStorage", I16},     {"CharStorage", I8},   {"ByteStorage", U8},
      {"BoolStorage", Bool}};
  for (const auto& [name, dtype] : types) {
    std::string data;
    for (std::size_t i = 0; i < 3 * byte_size(dtype); ++i) data += static_cast<char>(i + 1);
    const TensorMap tensors =
        decode_new(op::dict({{"w", op::tensor({name, "0", 3}, 1, {2}, {1})}}), {{"0", data}});
    EXPECT_EQ(tensors.at("w").dtype, dtype) << name;
    const auto last = bytes_of(data).subspan(byte_size(dtype));
    EXPECT_EQ(tensors.at("w").bytes, std::vector(last.begin(), last.end())) << name;
  }
}

TEST(PytorchFile, KnowsTheOtherWaysToWriteATensor) {
  const std::string first = op::call(op::global("torch._utils", "_rebuild_tensor"),
                                     {op::storage(kFloats), "K\x02", "K\x03\x85", "K\x01\x85"});
  const std::string parameter =
      op::call(op::global("torch._utils", "_rebuild_parameter"), {kBias, "\x88", op::dict({})});
  // LibTorch's own pickler.
  const std::string tagged =
      op::call(op::global("torch.jit._pickle", "restore_type_tag"),
               {op::dict({{"a", first}, {"b", parameter}}), op::text("Dict[str, Tensor]")});
  const TensorMap tensors = decode_new(tagged);
  EXPECT_THAT(floats(tensors.at("a")), ElementsAre(2, 3, 4));
  EXPECT_THAT(floats(tensors.at("b")), ElementsAre(3, 4));
  // torch.Size, an OrderedDict of pairs, texts of Python 2, and a memo that all tensors share.
  const std::string size = op::call(op::global("torch", "Size"), {op::whole_tuple({2})});
  const std::string again = op::call(op::global("torch._utils", "_rebuild_tensor_v2"),
                                     {"h\x07", "K\x01", size, "K\x05\x85", "I00\n", "N"});
  const std::string pairs =
      "]((U\x01"
      "a" +
      again + "te";
  EXPECT_THAT(floats(decode_new(op::storage(kFloats) +
                                "q\x07"
                                "0" +
                                op::call(op::global("collections", "OrderedDict"), {pairs}))
                         .at("a")),
              ElementsAre(1, 6));
}

TEST(PytorchFile, ReadsPartsOfStoragesInOldFiles) {
  // Elements 4 to 7 of the storage, from the second of them on.
  const op::Storage part{"FloatStorage", "0", 12,
                         op::tuple({op::text("view"), op::whole(4), op::whole(4)})};
  EXPECT_THAT(floats(decode_old(op::dict({{"w", op::tensor(part, 1, {3}, {1})}})).at("w")),
              ElementsAre(5, 6, 7));
  const std::string file =
      old_file(pickled(op::dict({{"w", op::tensor(part, 1, {4}, {1})}})), {{"0", {12, kTwelve}}});
  EXPECT_THAT(refused(file).what(), HasSubstr("tensor 'w' reaches outside its storage of 4"));
}

// ---- where they are ---------------------------------------------------------------------------

TEST(PytorchFile, FindsTheStateUnderItsUsualNames) {
  const std::string inner = op::dict({{"w", kWeight}});
  for (const char* name : {"state_dict", "model", "model_state_dict", "net", "network"}) {
    EXPECT_THAT(decode_new(op::dict({{"epoch", op::whole(3)}, {name, inner}})),
                ElementsAre(Key("w")))
        << name;
  }
  // The first that holds tensors, before tensors of the checkpoint itself.
  EXPECT_THAT(decode_new(op::dict({{"state_dict", op::dict({{"n", "N"}})},
                                   {"best_accuracy", op::tensor(kFloats, 1, {}, {})},
                                   {"network", op::dict({{"v", kWeight}})},
                                   {"model", inner}})),
              ElementsAre(Key("w")));
  EXPECT_THAT(decode_new(op::dict({{"model", "N"}, {"w", kWeight}, {"w", kBias}})),
              ElementsAre(Key("w")));
}

TEST(PytorchFile, IgnoresWhatIsNoTensor) {
  const std::string arguments = op::global("argparse", "Namespace") + ")\x81" +
                                op::dict({{"lr", "G" + std::string(8, '\0')}}) + "b";
  const std::string sets = "\x8f(K\x01\x90";
  const TensorMap tensors = decode_new(
      op::dict({{"args", arguments},
                {"optimizer", op::dict({{"state", op::dict({{"m", kBias}})}})},
                {"date", op::call(op::global("datetime", "datetime"), {"C\x02xy"})},
                {"seen", sets},
                {"state_dict",
                 op::dict({{"w", kWeight}, {"count", op::whole(7)}, {"_extra_state", arguments}}) +
                     op::dict({{"_metadata", op::dict({})}}) + "b"}}));
  EXPECT_THAT(tensors, ElementsAre(Key("w")));
}

TEST(PytorchFile, DropsThePrefixThatAllNamesHave) {
  EXPECT_THAT(decode_new(op::dict({{"module.w", kWeight}, {"module.module.b", kBias}})),
              ElementsAre(Key("module.b"), Key("w")));
  EXPECT_THAT(decode_new(op::dict({{"module.w", kWeight}, {"b", kBias}})),
              ElementsAre(Key("b"), Key("module.w")));
}

TEST(PytorchFile, MultipliesPrunedWeightsWithTheirMasks) {
  const std::string mask = raw<float>({0, 1, 1, 0});
  const std::string halves = raw<std::uint16_t>({0x3C00, 0xC000, 0x3800, 0x7BFF});  // 1 -2 .5 65504
  const std::map<std::string, std::string> storages = {
      {"0", kTwelve}, {"1", mask}, {"2", halves}, {"3", std::string("\0\1\1\0", 4)}};
  const op::Storage masks{"FloatStorage", "1", 4}, half{"HalfStorage", "2", 4},
      truths{"BoolStorage", "3", 4};
  const TensorMap tensors =
      decode_new(op::dict({{"module.a.weight_orig", op::tensor(kFloats, 4, {2, 2}, {2, 1})},
                           {"module.a.weight_mask", op::tensor(masks, 0, {2, 2}, {2, 1})},
                           {"module.b.weight_orig", op::tensor(half, 0, {4}, {1})},
                           {"module.b.weight_mask", op::tensor(truths, 0, {4}, {1})},
                           {"module.c_mask", op::tensor(masks, 0, {4}, {1})},
                           {"module.d_orig", op::tensor(masks, 0, {4}, {1})}}),
                 storages);
  ASSERT_THAT(tensors, ElementsAre(Key("a.weight"), Key("b.weight"), Key("c_mask"), Key("d_orig")));
  EXPECT_THAT(floats(tensors.at("a.weight")), ElementsAre(0, 5, 6, 0));
  EXPECT_THAT(floats(tensors.at("b.weight")), ElementsAre(0, -2, 0.5F, 0));
  const std::string shapes = op::dict({{"w_orig", kBias}, {"w_mask", kWeight}});
  EXPECT_THAT(refused_value(shapes), HasSubstr("'w_orig' has shape [2], its mask [3, 4]"));
  const std::string both = op::dict({{"w_orig", kBias}, {"w_mask", kBias}, {"w", kBias}});
  EXPECT_THAT(refused_value(both), HasSubstr("the tensor without '_orig' is there too"));
}

// ---- what is refused --------------------------------------------------------------------------

TEST(PytorchFile, RefusesWholeModels) {
  const std::string model = op::global("torch.nn.modules.container", "Sequential") + ")\x81" +
                            op::dict({{"_parameters", op::dict({})}, {"_modules", op::dict({})}}) +
                            "b";
  for (const std::string& value : {model, op::dict({{"model", model}, {"epoch", "N"}})}) {
    const Error error = refused(new_file(pickled(value), {}));
    EXPECT_THAT(error.what(), HasSubstr("whole pickled model, a torch.nn.modules.container.Seq"));
    EXPECT_THAT(error.hint(), HasSubstr("model.state_dict()"));
  }
  // Old files hold the class by a persistent id, with its source.
  const std::string by_id = op::tuple({op::text("module"), op::global("__main__", "Net"),
                                       op::text("net.py"), op::text("class Net: pass")}) +
                            "Q)\x81" + op::dict({{"_modules", op::dict({})}}) + "b";
  EXPECT_THAT(refused(old_file(pickled(by_id), {})).what(), HasSubstr("a __main__.Net"));
}

TEST(PytorchFile, RefusesWhatHoldsNoTensors) {
  EXPECT_THAT(refused_value("K\x01"), HasSubstr("holds no dictionary"));
  EXPECT_THAT(refused_value(op::call(op::global("numpy", "array"), {})),
              HasSubstr("holds a numpy.array, expected a state_dict"));
  EXPECT_THAT(refused_value(op::dict({})), HasSubstr("it has nothing"));
  EXPECT_THAT(refused_value(op::dict({{"a", op::dict({{"w", kWeight}})}, {"b", "N"}})),
              AllOf(HasSubstr("under 'state_dict', 'model'"), HasSubstr("it has 'a', 'b'")));
}

TEST(PytorchFile, RefusesTensorsThatOnlyAnUnknownCallWouldMake) {
  const std::string odd = op::call(op::global("torch._utils", "_rebuild_sparse_tensor"), {"N"});
  EXPECT_THAT(refused_value(op::dict({{"w", odd}, {"b", kBias}})),
              HasSubstr("tensor 'w' is made by torch._utils._rebuild_sparse_tensor"));
  const std::string wrapped = op::call(op::global("mine", "Weight"), {op::tuple({kBias})});
  EXPECT_THAT(refused_value(op::dict({{"w", wrapped}})),
              HasSubstr("tensor 'w' is made by mine.Weight"));
  const op::Storage strange{"Float8Storage", "0", 12};
  EXPECT_THAT(refused_value(op::dict({{"w", op::tensor(strange, 0, {1}, {1})}})),
              HasSubstr("tensor 'w' is made by torch.Float8Storage"));
  const op::Storage complex{"ComplexFloatStorage", "0", 6};
  const std::string number = op::tensor(complex, 0, {1}, {1});
  EXPECT_THAT(refused_value(op::dict({{"w", number}})), HasSubstr("torch.ComplexFloatStorage"));
  // Where no network needs them they do no harm.
  EXPECT_EQ(decode_new(op::dict({{"state_dict", op::dict({{"b", kBias}})},
                                 {"more", op::dict({{"odd", odd}, {"complex", number}})}}))
                .size(),
            1U);
}

TEST(PytorchFile, RefusesTensorsThatDoNotFitTheirStorage) {
  const auto refused_tensor = [](std::int64_t offset, const Shape& sizes, const Shape& strides) {
    return refused_value(op::dict({{"w", op::tensor(kFloats, offset, sizes, strides)}}));
  };
  const std::string outside = "tensor 'w' reaches outside its storage of 12 elements";
  EXPECT_THAT(refused_tensor(0, {13}, {1}), HasSubstr(outside));
  EXPECT_THAT(refused_tensor(1, {3, 4}, {4, 1}), HasSubstr(outside));
  EXPECT_THAT(refused_tensor(0, {4, 4}, {3, 1}), HasSubstr(outside));  // up to 9 + 3
  EXPECT_THAT(refused_tensor(12, {}, {}), HasSubstr(outside));
  EXPECT_THAT(refused_tensor(INT64_MAX, {2}, {INT64_MAX}), HasSubstr(outside));
  EXPECT_THAT(refused_tensor(0, {1 << 30, 1 << 30}, {INT64_MAX, INT64_MAX}), HasSubstr(outside));
  EXPECT_THAT(refused_tensor(-1, {1}, {1}), HasSubstr("negative offset -1 or stride [1]"));
  EXPECT_THAT(refused_tensor(5, {2}, {-1}), HasSubstr("negative offset 5 or stride [-1]"));
  EXPECT_THAT(refused_tensor(0, {-1}, {1}), HasSubstr("impossible tensor shape [-1]"));
  EXPECT_THAT(refused_tensor(0, {1LL << 40, 1LL << 40}, {0, 0}), HasSubstr("impossible tensor"));
  EXPECT_THAT(refused_tensor(0, {1LL << 40}, {0}), HasSubstr("many times the file"));
  EXPECT_THAT(refused_tensor(0, {3}, {1, 1}), HasSubstr("do not match"));
  EXPECT_THAT(refused_tensor(0, Shape(65, 1), Shape(65, 1)), HasSubstr("do not match"));
}

TEST(PytorchFile, RefusesStoragesOfAnotherSize) {
  const std::string pickle = pickled(op::dict({{"w", kWeight}}));
  EXPECT_THAT(refused(new_file(pickle, {{"0", kTwelve + "x"}})).what(),
              HasSubstr("storage '0' has 49 bytes, expected 12 of a torch.FloatStorage"));
  EXPECT_THAT(refused(new_file(pickle, {})).what(), HasSubstr("'net/data/0' is missing"));
  EXPECT_THAT(refused(old_file(pickle, {{"0", {11, kTwelve}}})).what(),
              HasSubstr("storage '0' has 11 elements, expected 12"));
  EXPECT_THAT(refused(old_file(pickle, {})).what(), HasSubstr("storage '0' has no data"));
  EXPECT_THAT(refused(old_file(pickle, {{"1", {12, kTwelve}}})).what(), HasSubstr("not known"));
  const op::Storage vast{"DoubleStorage", "0", INT64_MAX};
  const std::string tensor = pickled(op::dict({{"w", op::tensor(vast, 0, {1}, {1})}}));
  EXPECT_THAT(refused(new_file(tensor, {{"0", kTwelve}})).what(), HasSubstr("has 48 bytes"));
  EXPECT_THAT(refused(old_file(tensor, {{"0", {INT64_MAX, kTwelve}}})).what(),
              HasSubstr("storage '0' has 9223372036854775807 elements"));
}

TEST(PytorchFile, RefusesOtherMachinesAndPrograms) {
  EXPECT_THAT(refused(zip_file({{"a/data.pkl", ""}, {"a/byteorder", "big"}})).what(),
              HasSubstr("big-endian"));
  EXPECT_THAT(refused(old_header(false)).what(), HasSubstr("big-endian"));
  EXPECT_THAT(refused(zip_file({{"a/data.pkl", ""}, {"a/constants.pkl", ""}})).what(),
              HasSubstr("TorchScript"));
  EXPECT_THAT(refused(zip_file({{"a/b/data.pkl", ""}, {"data.pkl", ""}})).what(),
              HasSubstr("no NAME/data.pkl"));
  EXPECT_THAT(refused(zip_file({{"a/data.pkl", ""}, {"b/data.pkl", ""}})).what(),
              HasSubstr("several data.pkl"));
  EXPECT_THAT(refused("a text").what(), HasSubstr("no file of torch.save"));
  EXPECT_THAT(refused("").what(), HasSubstr("no file of torch.save"));
}

// A reference costs a byte or two and stands for what it refers to: nothing of it is copied.
TEST(PytorchFile, StaysSmallWhereReferencesMultiply) {
  std::string laughs = "]q" + std::string(1, '\0');
  for (int level = 1; level < 100; ++level) {
    const char previous = static_cast<char>(level - 1), next = static_cast<char>(level);
    laughs += std::string("](h") + previous + "h" + previous + "h" + previous + "eq" + next;
  }
  EXPECT_THAT(decode_new(laughs + op::dict({{"w", kWeight}, {"lol", "hc"}})),
              ElementsAre(Key("w")));
}

}  // namespace
}  // namespace pollard::test
