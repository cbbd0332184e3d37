// What it takes to publish the detour of a provider with a million domains.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "action/detour_tables.h"

namespace leumund::action {
namespace {

void publish(benchmark::State& state, const std::string& type) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("leumund-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  config::PostfixFiles files;
  files.detours = type + ":" + (folder / "detours").string();
  files.own_refusals = "pcre:" + (folder / "own_refusals.pcre").string();
  model::Detour detour;
  detour.provider = "p";
  detour.phase = model::DetourPhase::open;
  detour.via = "out2";
  const std::vector<config::DetourWay> ways = {{"default", "smtp:"}, {"out2", "out2:"}};
  std::map<std::string, std::vector<std::string>> domains;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    domains["p"].push_back("customer" + std::to_string(i) + ".example.org");
  }
  for (auto _ : state) {
    DetourTables tables(files);  // a new one writes whatever stands
    if (!tables.publish(routes_of(std::span(&detour, 1), ways, domains)).ok()) {
      state.SkipWithError("not written");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  std::filesystem::remove_all(folder);
}

void publish_cdb(benchmark::State& state) { publish(state, "cdb"); }
void publish_lmdb(benchmark::State& state) { publish(state, "lmdb"); }
BENCHMARK(publish_cdb)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(publish_lmdb)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace leumund::action

BENCHMARK_MAIN();
