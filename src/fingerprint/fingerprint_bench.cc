// Making fingerprints: the target is 150 MB of text a second on one core, for a milter 3,000
// messages a second and 60 MB/s of large ones.
//
//     fingerprint_bench [FOLDER WITH .eml FILES]
#include <benchmark/benchmark.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fingerprint/print_maker.h"
#include "wire/html_text.h"

namespace {

using leumund::fingerprint::PrintMaker;
using leumund::fingerprint::PrintSettings;

// A prose of its own: words of a small language, lines of 72 characters, a link now and then.
std::string prose(std::size_t bytes, bool html) {
  std::mt19937 random(7);  // NOLINT: the same text in every run
  std::vector<std::string> words;
  for (int i = 0; i < 4'000; ++i) {
    std::string word;
    for (std::size_t n = 2 + random() % 9; n > 0; --n) {
      word.push_back(static_cast<char>('a' + random() % 26));
    }
    words.push_back(word);
  }
  std::string out = html ? "<html><body>" : "";
  std::size_t line = 0;
  while (out.size() < bytes) {
    const std::string& word = words[random() % (1 + random() % words.size())];
    out += word;
    line += word.size() + 1;
    out.push_back(line > 66 ? '\n' : ' ');
    if (line > 66) {
      line = 0;
      if (random() % 12 == 0) out += html ? "</p><p style=\"color:#333\">" : "\n";
      if (random() % 60 == 0) out += "http://shop.example/offer/1234 ";
    }
  }
  return out;
}

const std::string headers =
    "From: Ann <ann@verein.example>\nTo: bob@example.org\nSubject: minutes of our meeting\n"
    "Date: Sat, 21 Nov 2026 21:05:00 +0100\nMessage-ID: <4f3a.77@verein.example>\n"
    "X-Mailer: Program 1.2\nMIME-Version: 1.0\n";

void make_prints(benchmark::State& state, const std::string& type, bool html) {
  PrintMaker maker(PrintSettings{}, leumund::base::HashKey{});
  const std::string raw =
      headers + type + "\n" + prose(static_cast<std::size_t>(state.range(0)), html);
  for (auto _ : state) benchmark::DoNotOptimize(print_of_message(raw, {}, maker));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * raw.size()));
}
BENCHMARK_CAPTURE(make_prints, plain, "Content-Type: text/plain; charset=utf-8\n", false)
    ->Arg(4'500)
    ->Arg(400'000);
BENCHMARK_CAPTURE(make_prints, html, "Content-Type: text/html; charset=utf-8\n", true)
    ->Arg(4'500)
    ->Arg(400'000);

// 20 MB of attachment in pieces of 64 KiB, as a milter hands them.
void make_print_of_attachment(benchmark::State& state) {
  PrintMaker maker(PrintSettings{}, leumund::base::HashKey{});
  const std::string line = std::string(76, 'Q') + "\r\n";
  std::string piece;
  while (piece.size() < 65'000) piece += line;
  for (auto _ : state) {
    maker.begin({});
    maker.header("Content-Type", "multipart/mixed; boundary=b");
    maker.body(
        "--b\n\nsee the picture\n--b\nContent-Type: image/png\n"
        "Content-Transfer-Encoding: base64\n\n");
    for (int i = 0; i < 300; ++i) maker.body(piece);
    maker.body("\n--b--\n");
    benchmark::DoNotOptimize(maker.finish());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * 300 * piece.size()));
}
BENCHMARK(make_print_of_attachment)->Unit(benchmark::kMillisecond);

// Real messages one after the other.
void make_prints_of_files(benchmark::State& state, const std::vector<std::string>& files) {
  PrintMaker maker(PrintSettings{}, leumund::base::HashKey{});
  std::size_t bytes = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::string& raw = files[next++ % files.size()];
    bytes += raw.size();
    benchmark::DoNotOptimize(print_of_message(raw, {}, maker));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

std::vector<std::string> files_in(const char* folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  std::vector<std::string> files;
  if (argc > 1) files = files_in(argv[1]);
  if (!files.empty()) {
    benchmark::RegisterBenchmark("make_prints_of_files", [&files](benchmark::State& state) {
      make_prints_of_files(state, files);
    });
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
