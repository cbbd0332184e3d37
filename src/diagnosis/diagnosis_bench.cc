// Replies per second on one core, beside a plain loop of RE2 over the same patterns.
//
// The texts are the samples of the registries, one for each pattern and meaning, in a fixed order.
#include <benchmark/benchmark.h>
#include <re2/re2.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "diagnosis/reader.h"

namespace leumund::diagnosis {
namespace {

const Reader& reader() {
  static const auto made = Reader::shipped();
  if (!made) {
    std::fprintf(stderr, "diagnosis_bench: %s\n", made.error().message.c_str());
    std::exit(1);
  }
  return **made;
}

std::vector<std::string> sample_replies() {
  std::vector<std::string> out;
  const Registry& registry = reader().registry();
  for (const Meaning& one : registry.meanings) out.push_back(one.sample);
  for (const Concept& one : registry.concepts) {
    for (const Pattern& pattern : one.patterns) out.push_back(pattern.sample);
  }
  for (const Provider& one : registry.providers) {
    for (const ProviderReply& reply : one.replies) out.push_back(reply.pattern.sample);
  }
  return out;
}

void count(benchmark::State& state, const std::vector<std::string>& replies) {
  std::int64_t bytes = 0;
  for (const std::string& reply : replies) bytes += static_cast<std::int64_t>(reply.size());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(replies.size()));
  state.SetBytesProcessed(state.iterations() * bytes);
}

void diagnose_replies(benchmark::State& state) {
  const auto replies = sample_replies();
  Reader::Session session(reader());
  for (auto _ : state) {
    for (const std::string& reply : replies) {
      benchmark::DoNotOptimize(reader().diagnose({.text = reply}, session));
    }
  }
  count(state, replies);
  state.counters["texts"] = static_cast<double>(reader().text_count());
}
BENCHMARK(diagnose_replies)->Unit(benchmark::kMillisecond);

// Only finding out which patterns match, as a program without a common automaton does it.
void re2_loop_over_same_patterns(benchmark::State& state) {
  const auto replies = sample_replies();
  std::vector<std::unique_ptr<RE2>> patterns;
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  for (const Scanner::Input& input : reader().patterns()) {
    patterns.push_back(std::make_unique<RE2>(input.re, options));
  }
  for (auto _ : state) {
    for (const std::string& reply : replies) {
      std::size_t matches = 0;
      for (const auto& pattern : patterns) matches += RE2::PartialMatch(reply, *pattern) ? 1 : 0;
      benchmark::DoNotOptimize(matches);
    }
  }
  count(state, replies);
  state.counters["patterns"] = static_cast<double>(patterns.size());
}
BENCHMARK(re2_loop_over_same_patterns)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace leumund::diagnosis

BENCHMARK_MAIN();
