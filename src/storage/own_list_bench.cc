// A list of ours with a million listed addresses: how long after a start it answers, how long
// until it knows what for, and how long whoever holds its lock keeps reports waiting.
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>

#include "listing/name_list.h"
#include "listing/served_list.h"
#include "storage/sqlite_store.h"

namespace leumund::storage {
namespace {

using listing::NameList;
using listing::ServedList;

const base::TimePoint start = base::from_unix_seconds(1'800'000'000);
constexpr std::uint32_t listings = 1'000'000;

ServedList::Settings settings() {
  ServedList::Settings out;
  out.name = "bl";
  out.zone = *wire::DnsName::parse("bl.example");
  out.value = {0x7f000002, "Blocked - see https://bl.example/bl?$"};
  out.engine.addresses_most = 2 * listings;
  out.engine.record = true;
  return out;
}

// Reporters are known by their keyed hash.
std::uint64_t reporter(std::uint64_t number) { return number * 0x9e3779b97f4a7c15; }

base::IpAddress address(std::uint32_t i) { return base::IpAddress::v4(i * 2'654'435'761U); }

// Listed by two reports each, as they come: all that a kill would leave in the store.
void fill(ServedList& list) {
  for (std::uint32_t i = 0; i < listings; ++i) {
    for (const std::uint64_t who : {i * 2ULL, i * 2ULL + 1}) {
      list.report({.client = address(i),
                   .kind = model::AbuseKind::complaint,
                   .reporter = reporter(who),
                   .at = start},
                  start);
    }
  }
}

void restart(benchmark::State& state) {
  std::string name = (std::filesystem::temp_directory_path() / "leumund-bench-XXXXXX").string();
  const std::string folder = mkdtemp(name.data());
  {
    auto store = SqliteStore::open(folder + "/leumund.db");
    ServedList list(settings());
    fill(list);
    if (!store.ok() || !(*store)->save_list(list.drain(true)).ok()) state.SkipWithError("no store");
  }
  std::size_t listed = 0;
  const bool whole = state.range(0) == 1;
  for (auto _ : state) {
    auto store = SqliteStore::open(folder + "/leumund.db");
    const auto record = whole ? (*store)->load_list("bl", start - std::chrono::days(8))
                              : (*store)->load_listed("bl", start);
    ServedList list(settings());
    list.restore(*record, start);
    benchmark::DoNotOptimize(list.plan(start));
    listed = list.counters().listed;
  }
  state.SetLabel(whole ? "with what each is listed for" : "until it answers");
  state.counters["listed"] = static_cast<double>(listed);
  std::filesystem::remove_all(folder);
}
BENCHMARK(restart)->DenseRange(0, 1)->Unit(benchmark::kMillisecond)->Iterations(2);

// The copy under the lock, the file behind it, and one more listing with its zone.
void hold(benchmark::State& state) {
  static const auto made = [] {  // once: it takes longer than all that is measured
    auto out = std::make_unique<ServedList>(settings());
    fill(*out);
    static_cast<void>(out->plan(start));
    return out;
  }();
  static std::uint32_t next = listings;
  ServedList& list = *made;
  std::size_t bytes = 0;
  for (auto _ : state) {
    if (state.range(0) == 0) {
      const listing::LiveList copy = list.live();
      benchmark::DoNotOptimize(&copy);
    } else if (state.range(0) == 1) {
      bytes = list.live().export_4().size();
    } else {
      for (const std::uint64_t who : {1'000'000'000ULL + next, 2'000'000'000ULL + next}) {
        list.report({.client = address(next),
                     .kind = model::AbuseKind::complaint,
                     .reporter = reporter(who),
                     .at = start},
                    start);
      }
      ++next;
      benchmark::DoNotOptimize(list.plan(start));
    }
  }
  state.SetLabel(state.range(0) == 0 ? "copy" : state.range(0) == 1 ? "export" : "change");
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(hold)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);

void list_name(NameList& list, std::uint64_t number, benchmark::State& state) {
  for (const std::uint64_t who : {number * 2, number * 2 + 1}) {
    const auto done = list.report(
        fmt::format("spam-{}.com", number),
        {.client = {}, .kind = model::AbuseKind::complaint, .reporter = reporter(who), .at = start},
        start);
    if (!done) state.SkipWithError(done.error().message.c_str());
  }
}

// One more name with its zone, while nothing is folded and when all that may wait for it waits;
// and the folding, which is a thread's of its own.
void zone_of_names(benchmark::State& state) {
  NameList::Settings of;
  of.name = "dbl";
  of.zone = *wire::DnsName::parse("dbl.example");
  const auto names = static_cast<std::uint64_t>(state.range(0));
  of.names_most = 2 * names;
  NameList list(of);
  std::uint64_t next = 0;
  while (next < names) list_name(list, next++, state);
  const auto whole = list.folding_due();
  if (whole) list.take(*whole, whole->run());
  const bool waiting = state.range(1) > 0;
  for (std::size_t i = 0; waiting && i <= listing::LiveNames::delta_max; ++i) {
    list_name(list, next++, state);
  }
  benchmark::DoNotOptimize(list.plan(start));
  static_cast<void>(list.drain());
  static_cast<void>(list.take_events());
  for (auto _ : state) {
    if (state.range(1) < 2) {
      list_name(list, next++, state);
      benchmark::DoNotOptimize(list.plan(start));
    } else if (const auto folding = list.folding_due()) {
      benchmark::DoNotOptimize(folding->run());
    }
  }
  state.SetLabel(state.range(1) == 0   ? "one more"
                 : state.range(1) == 1 ? "one more, folding due"
                                       : "folding");
  state.counters["listed"] = static_cast<double>(list.counters().listed);
}
BENCHMARK(zone_of_names)
    ->ArgsProduct({{100'000, 1'000'000}, {0, 1}})
    ->Iterations(200)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(zone_of_names)
    ->ArgsProduct({{100'000, 1'000'000}, {2}})
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace leumund::storage

BENCHMARK_MAIN();
