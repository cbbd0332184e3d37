// The list engine on one core: reports a second over many addresses, bytes of an address.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "listing/list_engine.h"

namespace leumund::listing {
namespace {

struct Said {
  model::AbuseReport report;
  bool traffic = false;
};

// Reports as a feed has them: few addresses are named often, most hardly ever (Zipf), by ten
// thousand reporters; a day has ten million.
std::vector<Said> said(std::size_t count, std::uint32_t addresses, double traffic) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> part(0, 1);
  std::vector<Said> out(count);
  auto at = base::from_unix_seconds(1'800'000'000);
  for (Said& one : out) {
    at += base::Micros(8640);
    const double rank = std::pow(static_cast<double>(addresses), part(random));
    const auto number = static_cast<std::uint32_t>(rank) * 2654435761U;
    one.report = {
        base::IpAddress::v4(number),
        part(random) < 0.2 ? model::AbuseKind::pristine_trap : model::AbuseKind::complaint,
        (random() % 10'000) * 0x9e3779b97f4a7c15ULL, at};
    one.traffic = part(random) < traffic;
  }
  return out;
}

void reports(benchmark::State& state) {
  const auto all = said(2'000'000, static_cast<std::uint32_t>(state.range(0)), 0);
  std::vector<ListEvent> events;
  std::size_t listed = 0;
  std::size_t bytes = 0;
  std::size_t addresses = 0;
  for (auto _ : state) {
    ListEngine engine({.reporters = {.per_day_most = 1'000'000}});
    base::TimePoint ticked;
    for (const Said& one : all) {
      engine.report(one.report, one.report.at, events);
      if (one.report.at - ticked >= std::chrono::seconds(1)) {
        ticked = one.report.at;
        engine.tick(ticked, events);
      }
      events.clear();
    }
    state.PauseTiming();
    listed = engine.counters().listed;
    addresses = engine.counters().addresses;
    bytes = engine.bytes() / std::max<std::size_t>(1, addresses);
    state.ResumeTiming();
  }
  state.counters["reports/s"] =
      benchmark::Counter(static_cast<double>(all.size()) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
  state.counters["addresses"] = static_cast<double>(addresses);
  state.counters["listed"] = static_cast<double>(listed);
  state.counters["bytes/address"] = static_cast<double>(bytes);
}
BENCHMARK(reports)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void queries(benchmark::State& state) {
  const auto all = said(2'000'000, 1'000'000, 1);
  for (auto _ : state) {
    ListEngine engine({});
    for (const Said& one : all) engine.queries(one.report.client, 1, one.report.at);
  }
  state.counters["queries/s"] =
      benchmark::Counter(static_cast<double>(all.size()) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}
BENCHMARK(queries)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace leumund::listing

BENCHMARK_MAIN();
