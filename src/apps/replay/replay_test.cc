#include "apps/replay/replay.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "apps/replay/event_file.h"

namespace leumund::apps {
namespace {

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() {
    folder_ = std::filesystem::temp_directory_path() / ("replay_test_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~ReplayTest() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& content) {
    const auto path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  struct Ran {
    int status;
    std::string out;
    std::string err;
  };
  static Ran run(const std::vector<std::string>& arguments) {
    std::FILE* out = std::tmpfile();
    std::FILE* err = std::tmpfile();
    Ran ran{run_replay(arguments, out, err), {}, {}};
    const auto read = [](std::FILE* file) {
      std::rewind(file);
      std::string text;
      for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
      std::fclose(file);
      return text;
    };
    ran.out = read(out);
    ran.err = read(err);
    return ran;
  }

  // A month of habits and then a burst from elsewhere.
  static std::string story() {
    std::string lines;
    double at = 1'600'000'000;
    int serial = 0;
    const auto mail = [&](const std::string& to, const std::string& client) {
      lines += R"({"type":"submission","at":)" + std::to_string(at) + R"(,"id":"m)" +
               std::to_string(++serial) + R"(","account":"a@c.test","client":")" + client +
               R"(","envelope_sender":"a@c.test","recipients":[")" + to + "\"]}\n";
      lines += R"({"type":"delivery","at":)" + std::to_string(at) + R"(,"id":"m)" +
               std::to_string(serial) + R"(","recipient":")" + to +
               R"(","status":"bounced","stage":"rcpt","reply":"550 5.1.1 User unknown"})" + "\n";
    };
    for (int day = 0; day < 30; ++day, at += 86400) {
      lines += R"({"type":"submission","at":)" + std::to_string(at) + R"(,"id":"h)" +
               std::to_string(day) +
               R"(","account":"a@c.test","client":"203.0.113.7","envelope_sender":"a@c.test",)" +
               R"("recipients":["friend@away.test"]})" + "\n";
    }
    for (int i = 0; i < 30; ++i, at += 5) mail("s" + std::to_string(i) + "@x.test", "198.51.100.9");
    return lines;
  }

  std::filesystem::path folder_;
};

TEST_F(ReplayTest, TheSameInputGivesTheSameOutputByteForByte) {
  const std::string path = write("e.jsonl", story());
  const Ran once = run({"--json", path});
  EXPECT_EQ(once.status, 0);
  EXPECT_EQ(once.out, run({"--json", path}).out);
  EXPECT_NE(once.out.find(R"("decision":"restricted")"), std::string::npos);
  EXPECT_NE(once.out.find(R"("answer":"reject")"), std::string::npos);
}

TEST_F(ReplayTest, ObservingLetsEverythingPass) {
  const Ran ran = run({"--observe", "--json", write("e.jsonl", story())});
  EXPECT_EQ(ran.out.find(R"("answer":"reject")"), std::string::npos);
  EXPECT_NE(ran.out.find(R"("decision":"would_restrict")"), std::string::npos);
}

TEST_F(ReplayTest, BadLinesAreNamedByFileAndLineAndSkipped) {
  const std::string path =
      write("bad.jsonl", "not json\n{\"type\":\"weather\",\"at\":1}\n\n" + story());
  const Ran ran = run({"--json", path});
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.err.find(path + ":1: "), std::string::npos);
  EXPECT_NE(ran.err.find(path + ":2: "), std::string::npos);
  EXPECT_NE(ran.err.find("2 bad lines skipped"), std::string::npos);
  EXPECT_EQ(ran.out, run({"--json", write("good.jsonl", story())}).out);
}

TEST_F(ReplayTest, AFileWithoutAnyEventIsWrongUse) {
  const Ran ran = run({write("README.md", "# Not\nevents\n")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("no line of the input is an event"), std::string::npos);
  EXPECT_EQ(run({write("empty.jsonl", "")}).status, 0);
}

TEST_F(ReplayTest, AnEndlessLineIsSkippedAndTheNextOneRead) {
  const std::string path = write("long.jsonl", std::string(3 << 20, 'x') + "\n" + story());
  const Ran ran = run({"--json", path});
  EXPECT_NE(ran.err.find(":1: line is longer"), std::string::npos);
  EXPECT_EQ(ran.out, run({"--json", write("good.jsonl", story())}).out);
}

TEST_F(ReplayTest, WhatCannotBeReadIsWrongUse) {
  EXPECT_EQ(run({"--json", (folder_ / "none.jsonl").string()}).status, 2);
  EXPECT_EQ(run({"--json", folder_.string()}).status, 2);
  EXPECT_EQ(run({"--json", write("broken.gz", "this is not gzip")}).status, 2);
  EXPECT_EQ(run({"--json", write("broken.zst", "this is not zstd")}).status, 2);
  EXPECT_EQ(run({"--nonsense"}).status, 2);
  EXPECT_EQ(run({"--detector-settings"}).status, 2);
  EXPECT_EQ(run({"--help"}).status, 0);
}

TEST_F(ReplayTest, ConstantsAreNamedWhenTheyAreWrong) {
  const std::string events = write("e.jsonl", story());
  const Ran unknown = run({"--detector-settings", write("s.toml", "[x]\nnonsense = 3\n"), events});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.err.find("s.toml:2: no detection constant 'nonsense'"), std::string::npos);
  const Ran outside = run({"--detector-settings", write("t.toml", "new_bad = 7\n"), events});
  EXPECT_NE(outside.err.find("outside"), std::string::npos);
  const Ran deaf = run(
      {"--json", "--detector-settings", write("u.toml", "threshold_offset = 20 # deaf\n"), events});
  EXPECT_EQ(deaf.status, 0);
}

TEST_F(ReplayTest, FeaturesOfEverySubmissionAreWritten) {
  const std::string features = (folder_ / "f.tsv").string();
  run({"--json", "--explain-features", features, write("e.jsonl", story())});
  std::ifstream in(features);
  std::string head;
  ASSERT_TRUE(std::getline(in, head));
  EXPECT_NE(head.find("\tnew_recipient\t"), std::string::npos);
  int rows = 0;
  for (std::string row; std::getline(in, row);) ++rows;
  EXPECT_EQ(rows, 60);
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

TEST_F(ReplayTest, PackedFilesReadLikePlainOnes) {
  const std::string plain = run({"--json", write("e.jsonl", story())}).out;
  EXPECT_EQ(run({"--json", write("e.jsonl.gz", gzip(story()))}).out, plain);
  EXPECT_EQ(run({"--json", write("e.jsonl.zst", zstd(story()))}).out, plain);
  const std::string half = story().substr(0, story().find("\n", 3000) + 1);
  const std::string rest = story().substr(half.size());
  EXPECT_EQ(run({"--json", write("two.gz", gzip(half) + gzip(rest))}).out, plain) << "two members";
}

TEST_F(ReplayTest, ACutPackedFileIsSaidToBeCut) {
  const std::string packed = zstd(story());
  const Ran ran = run({"--json", write("cut.zst", packed.substr(0, packed.size() / 2))});
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("cut"), std::string::npos);
}

TEST_F(ReplayTest, TheLastLineNeedsNoLineEnd) {
  std::string text = story();
  text.pop_back();
  EXPECT_EQ(run({"--json", write("n.jsonl", text)}).out,
            run({"--json", write("e.jsonl", story())}).out);
}

}  // namespace
}  // namespace leumund::apps
