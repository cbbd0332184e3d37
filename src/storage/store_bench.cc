// How fast counts are written and read back: checkpoints of dirty subjects, and a start.
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <stdlib.h>

#include <filesystem>

#include "storage/sqlite_store.h"

namespace leumund::storage {
namespace {

std::vector<evidence::SubjectRecord> records(std::int64_t count, std::size_t state_bytes) {
  std::vector<evidence::SubjectRecord> out;
  out.reserve(static_cast<std::size_t>(count));
  for (std::int64_t n = 0; n < count; ++n) {
    out.push_back(
        {fmt::format("account:u{:09}@t{:03}.example", (n * 7919) % 1'000'000'007, n % 400),
         std::string(state_bytes, static_cast<char>('a' + n % 26))});
  }
  return out;
}

std::string fresh_file() {
  std::string name = (std::filesystem::temp_directory_path() / "leumund-bench-XXXXXX").string();
  return std::string(mkdtemp(name.data())) + "/leumund.db";
}

void checkpoint(benchmark::State& state) {
  const std::string path = fresh_file();
  {
    auto store = SqliteStore::open(path);
    const auto all = records(1'000'000, 180);
    if (!store.ok() || !(*store)->save(all).ok()) state.SkipWithError("no store");
    const std::span<const evidence::SubjectRecord> dirty(all.data(),
                                                         static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
      if (!(*store)->save(dirty).ok()) state.SkipWithError("not saved");
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
  }
  std::filesystem::remove_all(std::filesystem::path(path).parent_path());
}
BENCHMARK(checkpoint)->Arg(1'000)->Arg(50'000)->Unit(benchmark::kMillisecond);

void load_a_million(benchmark::State& state) {
  const std::string path = fresh_file();
  {
    auto made = SqliteStore::open(path);
    if (!made.ok() || !(*made)->save(records(1'000'000, 180)).ok()) state.SkipWithError("no store");
  }
  for (auto _ : state) {
    auto store = SqliteStore::open(path);
    std::size_t bytes = 0;
    if (!(*store)
             ->load([&](auto subject, auto row) { bytes += subject.size() + row.size(); })
             .ok()) {
      state.SkipWithError("not loaded");
    }
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(state.iterations() * 1'000'000);
  std::filesystem::remove_all(std::filesystem::path(path).parent_path());
}
BENCHMARK(load_a_million)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace leumund::storage

BENCHMARK_MAIN();
