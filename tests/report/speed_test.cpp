// bench.json as people and programs see it, on a record by hand: dense takes 100 ms at best, which
// one network needs a quarter of and another a tenth, for theories of 5 and 20.
#include "report/speed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/markup.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::markup_problem;
using test::occurrences;
using ::testing::HasSubstr;
using ::testing::Not;

json sample() {
  const auto times = [](double median) {
    return json{{"median_ms", median},
                {"p10_ms", median - 1},
                {"low_quartile_ms", median - 0.5},
                {"high_quartile_ms", median + 2},
                {"calls", 12}};
  };
  const auto with = [](json entry, const json& more) {
    entry.update(more);
    return entry;
  };
  const json dense = {
      with(times(150), {{"name", "LibTorch"}, {"alone", times(140)}, {"best_ms", 140.0}}),
      with(times(110), {{"name", "oneDNN chain"}, {"alone", times(100)}, {"best_ms", 100.0}})};
  const json sparse = {
      with(times(120), {{"name", "Pollard dense"}, {"speedup", 100.0 / 120}}),
      with(times(25), {{"name", "Pollard a, b 80 %"}, {"network", 0}, {"speedup", 4.0}}),
      with(times(10), {{"name", "Pollard uniform 95 %"}, {"network", 1}, {"speedup", 10.0}})};
  const json points = {{{"density", 0.2}, {"dense_ms", 4.0}, {"sparse_ms", 2.0}},
                       {{"density", 0.6}, {"dense_ms", 4.0}, {"sparse_ms", 6.0}}};
  const json layers = {{{"network", 0},
                        {"name", "conv1"},
                        {"shape", "3x3 3-16 @8x8"},
                        {"kept", 40},
                        {"of", 200},
                        {"theoretical_speedup", 5.0},
                        {"onednn_ms", 0.5},
                        {"dense_ms", 0.75},
                        {"sparse_ms", 0.25},
                        {"speedup", 3.0},
                        {"plan", "sparse"}},
                       {{"network", 1}, {"name", "conv1"}, {"kept", 0}, {"of", 200}}};
  const json one = {
      {"batch", 4},
      {"threads", 1},
      {"calibration", {{"multiply_adds_gflops", 55.4}, {"copy_gbytes", 12.25}}},
      {"dense", dense},
      {"baseline", {{"name", "oneDNN chain"}, {"ms", 100.0}}},
      {"libtorch", {{"name", "LibTorch"}, {"ms", 140.0}}},
      {"sparse", sparse},
      {"layers", layers},
      {"crossover",
       {{{"shape", "3x3 3-16 @8x8"}, {"layers", 3}, {"density", 0.4}, {"times", points}}}}};
  json second = one;
  second["threads"] = 2;
  second["crossover"][0]["density"] = nullptr;
  second["crossover"][0]["times"][1]["sparse_ms"] = 3.5;
  return {{"format", 1},
          {"model", "resnet8"},
          {"environment",
           {{"cpu", "A CPU"},
            {"cpu_flags", {"avx", "avx2"}},
            {"available_threads", 2},
            {"libtorch", "1.13.1"},
            {"aten_cpu_capability", "AVX2"},
            {"blas", "OpenBLAS 0.3.21"},
            {"onednn", "2.6.3"}}},
          {"unavailable", {{{"name", "ONNX Runtime"}, {"reason", "not installed"}}}},
          {"networks",
           {{{"name", "a, b 80 %"},
             {"allocation", "a, b"},
             {"sparsity", 0.8},
             {"theoretical_speedup", 5.0}},
            {{"name", "uniform 95 %"},
             {"allocation", "uniform"},
             {"sparsity", 0.95},
             {"theoretical_speedup", 20.0}}}},
          {"cases", {one, second}}};
}

std::string lines(const std::string& text, std::size_t count) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < count; ++i) end = text.find('\n', end) + 1;
  return text.substr(0, end);
}

TEST(SpeedTable, ComparesWithTheBestDenseOpponent) {
  EXPECT_EQ(
      lines(to_text(speed_table(sample())), 6),
      "batch  threads  network               median ms    p10    quartiles  alone ms  images/s  "
      "speedup  over LibTorch  theoretical  share %\n"
      "    4        1  LibTorch                  150.0  149.0  149.5–152.0     140.0        29  "
      "  0.71×          1.00×            –        –\n"
      "    4        1  oneDNN chain              110.0  109.0  109.5–112.0     100.0        40  "
      "  1.00×          1.40×            –        –\n"
      "    4        1  Pollard dense             120.0  119.0  119.5–122.0         –        33  "
      "  0.83×          1.17×            –        –\n"
      "    4        1  Pollard a, b 80 %         25.00  24.00  24.50–27.00         –       160  "
      "  4.00×          5.60×        5.00×       80\n"
      "    4        1  Pollard uniform 95 %      10.00  9.000  9.500–12.00         –       400  "
      " 10.00×         14.00×       20.00×       50\n");
  EXPECT_EQ(speed_table(sample()).rows.size(), 10u);
}

TEST(LayerTable, IsOfOneNetwork) {
  EXPECT_EQ(
      to_text(layer_table(sample(), 0, 0)),
      "layer  shape          density %  theoretical  oneDNN ms  dense ms  sparse ms  speedup  "
      "plan\n"
      "conv1  3x3 3-16 @8x8      20.00        5.00×      0.500     0.750      0.250    3.00×  "
      "sparse\n");
  EXPECT_EQ(to_text(layer_table(sample(), 0, 1)).find("5.00"), std::string::npos);
}

TEST(CrossoverTable, HasAColumnACase) {
  EXPECT_EQ(to_text(crossover_table(sample())),
            "shape          layers  batch 4, 1 thread  batch 4, 2 threads\n"
            "3x3 3-16 @8x8       3            40.00 %           > 60.00 %\n");
  json record = sample();
  record["cases"][0]["crossover"][0]["density"] = nullptr;
  record["cases"][0]["crossover"][0]["times"][0]["sparse_ms"] = 5.0;
  EXPECT_THAT(to_text(crossover_table(record)), HasSubstr("  < 20.00 %  "));
  record["cases"][0]["crossover"] = json::array();
  EXPECT_EQ(crossover_table(record).columns.size(), 3u);
}

TEST(SpeedConditions, NameMachineLibrariesAndWhatIsMissing) {
  EXPECT_EQ(speed_conditions(sample()),
            "resnet8 on A CPU, avx2; 2 threads available\n"
            "LibTorch 1.13.1 (AVX2 kernels), OpenBLAS 0.3.21, oneDNN 2.6.3\n"
            "batch 4, 1 thread: 55 GF/s multiply-adds, 12.2 GB/s copied; best dense: oneDNN chain\n"
            "batch 4, 2 threads: 55 GF/s multiply-adds, 12.2 GB/s copied; best dense: oneDNN "
            "chain\n"
            "not measured: ONNX Runtime: not installed\n");
}

TEST(SpeedValues, AreOneLineAContender) {
  const std::string csv = to_csv(speed_values(sample()));
  EXPECT_EQ(lines(csv, 2),
            "batch,threads,name,allocation,sparsity,median_ms,p10_ms,low_quartile_ms,"
            "high_quartile_ms,calls,alone_median_ms,images_per_second,speedup,speedup_libtorch,"
            "theoretical_speedup\n"
            "4,1,LibTorch,,,150,149,149.5,152,12,140,28.5714,0.714286,1,\n");
  EXPECT_THAT(csv, HasSubstr("\n4,1,\"Pollard a, b 80 %\",\"a, b\",0.8,25,24,24.5,27,12,,160,4,5.6,"
                             "5\n"));
  EXPECT_EQ(occurrences(csv, "\n"), 11u);
}

TEST(SpeedValues, OfLayersAndCrossoverAreThereToo) {
  EXPECT_EQ(lines(to_csv(layer_values(sample())), 2),
            "batch,threads,network,layer,shape,kept,of,theoretical_speedup,onednn_ms,dense_ms,"
            "sparse_ms,speedup,plan\n"
            "4,1,\"a, b 80 %\",conv1,3x3 3-16 @8x8,40,200,5,0.5,0.75,0.25,3,sparse\n");
  EXPECT_EQ(to_csv(crossover_values(sample())),
            "batch,threads,shape,layers,density,dense_ms,sparse_ms,crossover_density\n"
            "4,1,3x3 3-16 @8x8,3,0.2,4,2,0.4\n"
            "4,1,3x3 3-16 @8x8,3,0.6,4,6,0.4\n"
            "4,2,3x3 3-16 @8x8,3,0.2,4,2,\n"
            "4,2,3x3 3-16 @8x8,3,0.6,4,3.5,\n");
}

// Both axes are logarithmic: theory 5 and 20 lie a little within x 62 to 746, at 62 + 684 a where
// a = log(1.1) / log(4 * 1.21).
TEST(SpeedFigure, HasALineACaseAndTheDiagonal) {
  const std::string svg = speed_figure(sample());
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_THAT(svg, HasSubstr(">batch 4, 1 thread<"));
  EXPECT_THAT(svg, HasSubstr(">batch 4, 2 threads<"));
  EXPECT_THAT(svg, HasSubstr(">theoretical speedup (multiply-adds)<"));
  EXPECT_EQ(occurrences(svg, "<circle"), 4u);
  EXPECT_EQ(occurrences(svg, "cx=\"103.3\""), 2u);
  EXPECT_EQ(occurrences(svg, "cx=\"704.7\""), 2u);
  EXPECT_THAT(svg, HasSubstr("class=\"line guide\""));
  EXPECT_EQ(speed_figure(sample()), svg);
}

TEST(SpeedFigure, NamesAllocationsWhereThereAreSeveral) {
  json record = sample();
  EXPECT_THAT(speed_figure(record), HasSubstr(">uniform<"));
  EXPECT_THAT(speed_figure(record), HasSubstr(">a, b<"));
  record["networks"][0]["allocation"] = "uniform";
  EXPECT_THAT(speed_figure(record), Not(HasSubstr(">uniform<")));
}

TEST(SpeedReport, OfNothingIsEmptyButWhole) {
  const json nothing = json::object();
  EXPECT_TRUE(speed_table(nothing).rows.empty());
  EXPECT_TRUE(crossover_table(nothing).rows.empty());
  EXPECT_EQ(markup_problem(speed_figure(nothing)), "");
  EXPECT_THAT(speed_figure(nothing), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace pollard
