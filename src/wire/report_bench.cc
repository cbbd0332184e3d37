// Reading reports: targets are 20,000 typical reports a second on one core, and 100 ms for one that
// returns a message of 30 MB.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "wire/delivery_report.h"
#include "wire/mime.h"

namespace {

using leumund::wire::DeliveryReportReader;

const std::vector<std::string>& samples() {
  static const std::vector<std::string> all = [] {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(LEUMUND_SOURCE_DIR) +
                                                                 "/tests/corpus/delivery_report")) {
      paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> texts;
    for (const auto& path : paths) {
      std::ifstream in(path, std::ios::binary);
      texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return texts;
  }();
  return all;
}

void read_samples(benchmark::State& state) {
  DeliveryReportReader reader;
  std::size_t next = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string& raw = samples()[next];
    next = (next + 1) % samples().size();
    bytes += raw.size();
    benchmark::DoNotOptimize(reader.read(raw));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(read_samples);

// A Postfix report of the usual size, its returned headers with signatures.
std::string usual_report(std::string_view returned_body) {
  std::string raw = samples().back();
  for (const auto& sample : samples()) {
    if (sample.find("blocked using") != std::string::npos && sample.starts_with("From MAILER")) {
      raw = sample;
    }
  }
  const std::size_t type = raw.find("text/rfc822-headers");
  raw.replace(type, 19, "message/rfc822");
  const std::size_t end = raw.rfind("\n--");
  std::string headers = "DKIM-Signature: v=1; a=rsa-sha256; d=verein.example;\n";
  for (int i = 0; i < 20; ++i) headers += "\tb=" + std::string(66, 'Q') + "\n";
  raw.insert(end, headers +
                      "MIME-Version: 1.0\nContent-Type: application/pdf\n"
                      "Content-Transfer-Encoding: base64\n\n" +
                      std::string(returned_body));
  return raw;
}

void read_usual_report(benchmark::State& state) {
  const std::string raw = usual_report("SGFsbG8=\n");
  DeliveryReportReader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(raw));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.SetLabel(std::to_string(raw.size()) + " bytes");
}
BENCHMARK(read_usual_report);

std::string lines_of(std::size_t bytes, const std::string& line) {
  std::string out;
  out.reserve(bytes + line.size());
  while (out.size() < bytes) out += line;
  return out;
}

void read_30_megabytes(benchmark::State& state, const std::string& line) {
  const std::string raw = usual_report(lines_of(30'000'000, line));
  DeliveryReportReader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(raw));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * raw.size()));
}
BENCHMARK_CAPTURE(read_30_megabytes, attachment, std::string(76, 'Q') + "\r\n")
    ->Unit(benchmark::kMillisecond);
// Every line could be a boundary.
BENCHMARK_CAPTURE(read_30_megabytes, dashes, "--" + std::string(30, '-') + "\n")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_30_megabytes, empty_lines, std::string("\n"))->Unit(benchmark::kMillisecond);

// 30 MB without any structure: one text, no attachment.
void read_30_megabytes_of_text(benchmark::State& state) {
  const std::string raw =
      "From: MAILER-DAEMON@x.example\nSubject: Undeliverable\n\n" +
      lines_of(30'000'000, "<a@b.example>: 550 5.1.1 <c@d.example> no such user\n");
  DeliveryReportReader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(raw));
}
BENCHMARK(read_30_megabytes_of_text)->Unit(benchmark::kMillisecond);

void read_30_megabytes_of_header(benchmark::State& state) {
  const std::string raw = lines_of(30'000'000, "X-A: <a@b.example> =?utf-8?Q?x?=\n");
  DeliveryReportReader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(raw));
}
BENCHMARK(read_30_megabytes_of_header)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
