// Mail that was made to break its reader, through the milter: bounded work and memory, and the mail
// that comes after it goes on.
//
// Work is measured as processor time against honest text of the same size in the same process, so
// that a slow or busy machine changes nothing; what grows with the square of its size takes
// hundreds of times as much, and the bounds below are far from that.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "intake/milter_test_host.h"

namespace leumund::intake {
namespace {

using testing::SizeIs;

constexpr std::size_t whole_body = 64UL << 20;  // the most that milter.body_bytes may be
constexpr double work_factor_max = 25;
constexpr double work_seconds_free = 0.5;

struct Hostile {
  const char* name;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

std::string repeated(std::string_view what, std::size_t times) {
  std::string out;
  out.reserve(what.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += what;
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out.push_back(i + k > bytes.size() ? '=' : digits[word >> (18 - 6 * k) & 63U]);
    if (i % 57 == 54) out += "\r\n";
  }
  return out;
}

// A zip whose listing names `members` files of four gigabytes each, all in the same few bytes, or
// zip files again.
std::string zip_bomb(std::size_t members, const std::string& name) {
  const auto number = [](std::uint64_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> 8 * i & 0xff));
    return out;
  };
  const std::string local = "PK\3\4" + number(20, 2) + number(0, 2) + number(8, 2) + number(0, 4) +
                            number(0x1234, 4) + number(10, 4) + number(0xfffffffe, 4) +
                            number(name.size(), 2) + number(0, 2) + name + std::string(10, 'x');
  std::string listing;
  for (std::size_t i = 0; i < members; ++i) {
    listing += "PK\1\2" + number(20, 2) + number(20, 2) + number(0, 2) + number(8, 2) +
               number(0, 4) + number(i, 4) + number(10, 4) + number(0xfffffffe, 4) +
               number(name.size(), 2) + number(0, 2) + number(0, 2) + number(0, 2) + number(0, 2) +
               number(0, 4) + number(0, 4) + name;
  }
  return local + listing + "PK\5\6" + number(0, 4) + number(members & 0xffff, 2) +
         number(members & 0xffff, 2) + number(listing.size(), 4) + number(local.size(), 4) +
         number(0, 2);
}

std::string attached(const std::string& bytes, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) {
    out +=
        "--b\r\nContent-Type: application/zip; name=\"a.zip\"\r\n"
        "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n" +
        base64(bytes) + "\r\n";
  }
  return out + "--b--\r\n";
}

std::string nested(std::size_t levels) {
  std::string out;
  for (std::size_t i = 0; i < levels; ++i)
    out += fmt::format("--l{}\r\nContent-Type: multipart/mixed; boundary=l{}\r\n\r\n", i, i + 1);
  out += fmt::format("--l{}\r\nContent-Type: text/plain\r\n\r\nthe text at the end\r\n", levels);
  for (std::size_t i = levels; i > 0; --i) out += fmt::format("--l{}--\r\n", i);
  return out + "--l0--\r\n";
}

std::string parts(std::size_t count) {
  return repeated("--b\r\nContent-Type: text/plain\r\n\r\nbuy this now\r\n", count) + "--b--\r\n";
}

std::string links(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += fmt::format("http://h{}.shop{}.example/p/{}?q={}\r\n", i, i % 977, i * 7, i);
  return out;
}

std::string html_links(std::size_t count) {
  std::string out = "<html><body>";
  for (std::size_t i = 0; i < count; ++i)
    out += fmt::format("<a href=\"http://h{}.shop.example/{}\">go {}</a>\r\n", i, i * 7, i);
  return out + "</body></html>";
}

const std::string plain = "text/plain; charset=utf-8";
const std::string html = "text/html; charset=utf-8";
const std::string mixed = "multipart/mixed; boundary=b";
constexpr std::size_t megabyte = 1'000'000;

std::vector<Hostile> of_structure() {
  return {
      {"1,000 levels of parts", "multipart/mixed; boundary=l0", nested(1000)},
      {"10,000 levels of parts", "multipart/mixed; boundary=l0", nested(10'000)},
      {"lines that are no boundary of 900 levels", "multipart/mixed; boundary=l0",
       nested(900).substr(0, 50'000) + repeated("--l\r\n", 200'000)},
      {"5,000 messages in messages", "message/rfc822",
       repeated("Content-Type: message/rfc822\r\n\r\n", 5000) + "Subject: x\r\n\r\nthe end\r\n"},
      {"10,000 parts", mixed, parts(10'000)},
      {"100,000 parts", mixed, parts(100'000)},
      {"parts that never begin", mixed, repeated("--b\r\n", 200'000)},
      {"lines that are nearly a boundary", mixed, repeated("--bb\r\n", 200'000)},
      {"a part with 100,000 header lines", mixed,
       "--b\r\n" + repeated("Content-Type: text/plain\r\n", 100'000) + "\r\nx\r\n--b--\r\n"},
      {"2,000 zip files", mixed, attached(zip_bomb(3, "a.exe"), 2000)},
      {"a zip listing of 65,535 files", mixed, attached(zip_bomb(65'535, "nested.zip"), 1)},
      {"long names in a zip", mixed, attached(zip_bomb(300, std::string(4000, 'n')), 1)},
      {"base64 of nothing", mixed,
       "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + repeated("=!\r\n", 250'000)},
  };
}

std::vector<Hostile> of_text() {
  return {
      {"100,000 links", plain, links(100'000)},
      {"100,000 links in HTML", html, html_links(100'000)},
      {"soft line ends", plain, repeated("=\r\n", megabyte / 3)},
      {"open tags", html, repeated("<div style='color:red", megabyte / 21)},
      {"200,000 open boxes", html, repeated("<div>", 200'000) + "x"},
      {"open comments", html, repeated("<!--", megabyte / 4)},
      {"style rules", html, "<style>" + repeated(".a,", megabyte / 3) + "{display:none}</style>x"},
      {"20,000 classes", html,
       "<style>" + repeated(".c{display:none}", 20'000) + "</style>" +
           repeated("<p class='c c c c c c c c'>x", 20'000)},
      {"references", html, repeated("&#x0000000000041;", megabyte / 17)},
      {"nothing but ampersands", html, repeated("&", megabyte)},
      {"quote marks", plain, repeated(">", megabyte)},
      {"quoted lines", plain, repeated("> > > > > a\r\n", megabyte / 13)},
      {"attribution lines", plain, repeated("On Monday Ann wrote:\r\n", megabyte / 22)},
      {"at signs", plain, repeated("a@", megabyte / 2)},
      {"addresses", plain, repeated("a@b.example ", megabyte / 12)},
      {"dots", plain, repeated("a.", megabyte / 2)},
      {"digits", plain, repeated("0049-", megabyte / 5)},
      {"halves of links", plain, repeated("http://", megabyte / 7)},
      {"blanks", plain, repeated(" ", megabyte)},
      {"zero-width letters", plain, repeated("\xe2\x80\x8b", megabyte / 3)},
      {"letters of other alphabets", plain, repeated("\xd0\xb0o", megabyte / 3)},
      {"marks on one letter", plain, "a" + repeated("\xcc\x81", megabyte / 2)},
      {"bytes of no charset", "text/plain; charset=utf-7", repeated("\xff\xfe\0"s, megabyte / 3)},
      {"single letters", plain, repeated("v i a g r a ", megabyte / 12)},
  };
}

std::vector<Hostile> of_long_lines() {
  return {
      {"a line of 50 MB", plain, std::string(50 * megabyte, 'x')},
      {"a line of 5 MB of words", plain, repeated("buy this now ", 5 * megabyte / 13)},
      {"a line of 5 MB of HTML", html, repeated("<b>x</b>", 5 * megabyte / 8)},
      {"50 MB of hidden text", html,
       "<p hidden>" + repeated("buy this now\r\n", 50 * megabyte / 14) + "</p>x"},
      {"ten parts of 5 MB", mixed,
       repeated("--b\r\nContent-Type: text/html\r\n\r\n<p hidden>" +
                    repeated("buy this now\r\n", 5 * megabyte / 14),
                10)},
  };
}

std::vector<Hostile> of_headers() {
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 5000; ++i) many.emplace_back(fmt::format("X-{}", i), "value");
  const auto one = [](const char* name, std::string value) {
    return std::vector<std::pair<std::string, std::string>>{{name, std::move(value)}};
  };
  constexpr std::size_t size = 250'000;
  std::vector<Hostile> out = {
      {"5,000 headers", plain, "x", many},
      {"a header of 250 kB", plain, "x", one("X-Long", std::string(size, 'x'))},
      {"a header over all limits", plain, "x", one("X-Long", std::string(900'000, 'x'))},
      {"answers to answers", plain, "x", one("Subject", repeated("Re: [a] ", size / 8))},
      {"a subject of encoded words", plain, "x",
       one("Subject", repeated("=?utf-8?q?=41=42?= ", size / 19))},
      {"a subject of open encoded words", plain, "x",
       one("Subject", repeated("=?utf-8?q?", size / 10))},
      {"a sender of brackets", plain, "x", one("From", repeated("<", size))},
      {"a sender of comments", plain, "x", one("From", repeated("(", size))},
      {"a sender of quotes", plain, "x", one("From", repeated("\"\\", size / 2))},
      {"thousands of recipients in a header", plain, "x",
       one("To", repeated("\"A B\" <a@b.example>, ", size / 21))},
      {"parameters of a type", "", "x",
       one("Content-Type", "text/plain" + repeated("; a*0*=utf-8''x", size / 15))},
      {"an endless boundary", "", "--" + std::string(size, 'b') + "\r\n",
       one("Content-Type", "multipart/mixed; boundary=" + std::string(size, 'b'))},
      {"a message id of brackets", plain, "x", one("Message-ID", repeated("<@>", size / 3))},
      {"a forward of forwards", plain, "x",
       one("Delivered-To", repeated("a@b.example,", size / 12))},
      {"a script of paths", plain, "x",
       one("X-PHP-Originating-Script", repeated("33:/", size / 4))},
  };
  return out;
}

class MilterHostileTest : public MilterTestHost {
 protected:
  void serve_all() {
    serve({.listen = net::Endpoint::tcp("127.0.0.1", 0),
           .limits = {.body_bytes = whole_body},
           .prints = {.keep_own_text = true}});
    fd_ = dial();
    say(fd_, postfix_offer() + connect("198.51.100.7"));
    hear(fd_, 1);
  }
  // Shows the message as Postfix does; its answers, and the processor time that everything took.
  std::vector<std::string> show(const Hostile& mail, double& seconds) {
    std::string bytes = packet('D', "M{auth_authen}\0a\0"s) + packet('M', "<a@b.example>\0"s) +
                        packet('R', "<x@c.test>\0"s);
    if (!mail.content_type.empty())
      bytes += packet('L', "Content-Type\0"s + mail.content_type + "\0"s);
    for (const auto& [name, value] : mail.headers)
      bytes += packet('L', name + "\0"s + value + "\0"s);
    bytes += packet('N');
    constexpr std::size_t chunk = 65'535;
    const timespec before = processor_time();
    say(fd_, bytes);
    std::vector<std::string> answers;
    for (std::size_t at = 0; at < mail.body.size(); at += chunk) {
      say(fd_, packet('B', std::string_view(mail.body).substr(at, chunk)));
      answers = hear(fd_, 1);
      if (answers != std::vector<std::string>{"c"}) break;
    }
    say(fd_, packet('E'));
    answers = hear(fd_, 2);  // the trace header and the answer
    const timespec after = processor_time();
    seconds = static_cast<double>(after.tv_sec - before.tv_sec) +
              static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e9;
    return answers;
  }
  void all_pass(const std::vector<Hostile>& mails) {
    serve_all();
    double honest = 0;
    const Hostile prose{"", plain, repeated("we meet on Monday at eight as always\r\n", 25'000)};
    show(prose, honest);
    for (const Hostile& mail : mails) {
      double took = 0;
      const auto answers = show(mail, took);
      ASSERT_THAT(answers, SizeIs(2)) << mail.name;
      EXPECT_EQ(answers.back(), "c") << mail.name;
      const double share = std::max(
          1.0, static_cast<double>(mail.body.size()) / static_cast<double>(prose.body.size()));
      EXPECT_LE(took, work_seconds_free + work_factor_max * share * honest)
          << mail.name << ": honest text of " << prose.body.size() << " bytes takes " << honest;
      RecordProperty(mail.name, fmt::format("{:.0f} ms", 1000 * took));
    }
    double after = 0;
    ASSERT_THAT(show(prose, after), SizeIs(2)) << "mail goes on";
    const auto all = seen();
    ASSERT_THAT(all, SizeIs(mails.size() + 2));
    EXPECT_EQ(*all.front().print, *all.back().print) << "nothing of it is left";
    for (const auto& mail : all) {
      EXPECT_LE(mail.headers.size(), 1'060U) << "and a place for each name that is read";
      EXPECT_LE(mail.own_text.size(), 600'000U) << "what is kept of a text is bounded";
      EXPECT_LE(mail.account.size() + mail.script.size(), 640U);
    }
    EXPECT_EQ(service_->counters().malformed, 0U);
  }
  static timespec processor_time() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now;
  }

  net::Descriptor fd_;
};

TEST_F(MilterHostileTest, BombsOfStructureAreBoundedWorkAndPass) { all_pass(of_structure()); }

TEST_F(MilterHostileTest, BombsOfTextAreBoundedWorkAndPass) { all_pass(of_text()); }

TEST_F(MilterHostileTest, EndlessLinesAreBoundedWorkAndPass) { all_pass(of_long_lines()); }

TEST_F(MilterHostileTest, BombsOfHeadersAreBoundedWorkAndPass) { all_pass(of_headers()); }

TEST_F(MilterHostileTest, OneWhoNeverEndsHisMessagesKeepsNoMoreThanTheLimits) {
  serve({.listen = net::Endpoint::tcp("127.0.0.1", 0)});
  const auto fd = dial();
  say(fd, postfix_offer() + connect("198.51.100.7") + packet('M', "<a@b.example>\0"s));
  hear(fd, 1);
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += packet('R', fmt::format("<x{}@c.test>", i) + "\0"s);
  for (int i = 0; i < 2'000; ++i)
    bytes += packet('L', fmt::format("X-{}", i) + "\0"s + std::string(1000, 'x') + "\0"s);
  say(fd, bytes + packet('N') + packet('E'));
  hear(fd, 1);  // nobody logged in: no trace
  const auto all = seen();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].recipients.size(), MilterLimits().recipients);
  EXPECT_EQ(all[0].recipient_count, 20'000U) << "they stay counted";
  EXPECT_LE(service_->counters().bytes, 256U * 1024);
  EXPECT_EQ(service_->counters().cut, 1U);
  EXPECT_TRUE(all[0].print->has(model::MailSign::truncated));
}

}  // namespace
}  // namespace leumund::intake
