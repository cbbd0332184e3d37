// A day of 10 million mails through the engine, each with a made-up fingerprint: what it takes in
// memory, part by part, and whether campaigns hidden in that day are found. Target: 1 GB.
//
//   campaign_memory_bench [millions of mails, default 10] [MB for campaigns, default 64 and 900]
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "engine/engine.h"

namespace leumund::engine {
namespace {

using model::FacetKind;
using model::Fingerprint;

constexpr std::size_t accounts = 400'000;
constexpr std::size_t tenants = 20'000;
constexpr std::size_t hijacked = 120;  // accounts of each campaign
constexpr base::Micros day = std::chrono::hours(24);

// How many mails each hidden campaign sends from its accounts, one of each, and over what time.
struct Hidden {
  const char* name;
  base::Micros begins;
  base::Micros every;
  std::size_t sent = 0;
  std::size_t found_after = 0;  // mails; 0: not
};

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// Words, links and programs as people have them: a few that many use, many that few do.
class MailMaker {
 public:
  Fingerprint honest() {
    Fingerprint print = text();
    for (std::size_t i = 0; i < 4; ++i)  // greetings, footers
      print.phrases[i] = static_cast<std::uint32_t>(0x1000 + common(3000));
    std::sort(print.phrases.begin(), print.phrases.end());
    if (random_() % 3 == 0) {
      print.add_facet(FacetKind::url_domain, 1 + common(200'000));
      print.add_facet(FacetKind::url_template, random_());
    }
    if (random_() % 10 == 0) print.add_facet(FacetKind::attachment, random_());
    dress(print);
    return print;
  }
  // One text with an own link host: rewritten in three rows of ten.
  Fingerprint spam(const Fingerprint& text) {
    Fingerprint print = text;
    for (auto& row : print.sketch)
      if (random_() % 10 < 3) row = static_cast<std::uint16_t>(random_());
    for (auto& phrase : print.phrases)
      if (random_() % 10 < 6) phrase = static_cast<std::uint32_t>(random_());
    std::sort(print.phrases.begin(), print.phrases.end());
    dress(print);
    return print;
  }
  Fingerprint text() {
    Fingerprint print;
    print.text = model::TextKind::full;
    print.words = 150;
    for (auto& row : print.sketch) row = static_cast<std::uint16_t>(random_());
    for (auto& phrase : print.phrases) phrase = static_cast<std::uint32_t>(random_());
    print.phrase_count = Fingerprint::phrases_max;
    return print;
  }
  std::uint64_t common(std::uint64_t kinds) {  // the first ones far more often
    return random_() % (1 + random_() % (1 + random_() % kinds));
  }
  std::uint64_t any() { return random_(); }

 private:
  void dress(Fingerprint& print) {
    print.add_facet(FacetKind::subject, random_());
    for (int i = 0; i < 3; ++i) print.add_facet(FacetKind::subject_part, random_());
    print.add_facet(FacetKind::mailer, 1 + common(60));
    print.add_facet(FacetKind::message_id, 1 + common(40));
    print.add_facet(FacetKind::header_order, 1 + common(300));
    print.add_facet(FacetKind::mime_shape, 1 + common(30));
  }
  std::mt19937_64 random_{1};  // NOLINT: the same day in every run
};

class Day {
 public:
  Day(std::size_t campaign_bytes, std::size_t mails)
      : mails_(mails), engine_(settings(campaign_bytes), replies()) {}

  // Those whose accounts will be hijacked have written to their friends for three weeks.
  void live() {
    for (int d = 21; d > 0; --d) {
      for (std::size_t i = 0; i < hidden_.size() * hijacked; ++i) {
        const base::TimePoint at = midnight_ - d * day + i * std::chrono::seconds(60);
        send(victim(i), fmt::format("friend{}-{}@away.test", i, d % 4),
             fmt::format("100.{}.{}.7", i / 200, i % 200), maker_.honest(), at);
      }
    }
  }
  void run() {
    std::vector<Fingerprint> texts;
    for (std::size_t i = 0; i < hidden_.size(); ++i) {
      texts.push_back(maker_.text());
      texts.back().add_facet(FacetKind::url_domain, maker_.any());
    }
    const auto began = std::chrono::steady_clock::now();
    for (std::size_t n = 0; n < mails_; ++n) {
      const base::Micros since = day * n / mails_;
      for (std::size_t i = 0; i < hidden_.size(); ++i) attack(i, texts[i], since);
      const std::uint64_t who = maker_.common(accounts);
      send(fmt::format("user{}@verein{}.example", who, who % tenants),
           fmt::format("friend{}@mail{}.example", who * 20 + maker_.any() % 20, who % 97),
           fmt::format("91.{}.{}.{}", who / 62'500, who / 250 % 250, who % 250), maker_.honest(),
           midnight_ + since);
      if (n % (mails_ / 1440) == 0) (void)engine_.tick(midnight_ + since);  // each minute
    }
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  }
  void tell(std::size_t growth) const {
    const Counters counters = engine_.counters();
    const auto mb = [](std::size_t bytes) { return static_cast<double>(bytes) / 1e6; };
    const std::size_t rest =
        growth - std::min<std::size_t>(growth, counters.ledger_bytes + counters.campaigns.bytes);
    fmt::print(
        "  resident memory grew by {:.0f} MB: accounts {:.0f} ({}), campaign tables {:.0f} "
        "({} clusters),\n  messages joined ({}), clients and the rest {:.0f}\n",
        mb(growth), mb(counters.ledger_bytes), counters.subjects, mb(counters.campaigns.bytes),
        counters.campaigns.clusters, counters.messages, mb(rest));
    fmt::print("  {:.0f} mails/s\n", static_cast<double>(mails_) / seconds_);
    for (const Hidden& one : hidden_) {
      if (one.found_after == 0)
        fmt::print("  campaign {}: not found in {} mails\n", one.name, one.sent);
      else
        fmt::print("  campaign {}: found with mail {} of {}\n", one.name, one.found_after,
                   one.sent);
    }
    fmt::print("  {} campaigns were told of, {} are hidden in the day\n", told_, hidden_.size());
  }

 private:
  static Settings settings(std::size_t bytes) {
    Settings settings;
    settings.limits.campaign_bytes = bytes;
    settings.book.default_mode = model::Mode::observe;
    return settings;
  }
  static std::shared_ptr<const diagnosis::Reader> replies() {
    auto made = diagnosis::Reader::shipped();
    CHECK(made.ok());
    return std::move(*made);
  }
  static std::string victim(std::size_t i) { return fmt::format("p{}@t{}.test", i, i % 37); }

  void attack(std::size_t which, const Fingerprint& text, base::Micros since) {
    Hidden& one = hidden_[which];
    if (one.sent >= hijacked || since < one.begins + one.every * one.sent) return;
    const std::size_t i = which * hijacked + one.sent++;
    const bool known = found_;
    found_ = false;
    send(victim(i), fmt::format("stranger{}@elsewhere.test", maker_.any()),
         fmt::format("203.{}.{}.9", i % 250, maker_.any() % 250), maker_.spam(text),
         midnight_ + since);
    if (found_ && one.found_after == 0) one.found_after = one.sent;
    found_ = known;
  }
  void send(const std::string& account, const std::string& recipient, const std::string& client,
            Fingerprint print, base::TimePoint at) {
    model::Submission mail;
    mail.id = fmt::format("m{}", ++serial_);
    mail.source = model::Source::milter;
    mail.stage = model::SubmissionStage::accepted;
    mail.account = account;
    mail.client = base::IpAddress::parse(client);
    mail.envelope_sender = account;
    mail.recipients = {recipient};
    mail.recipient_count = 1;
    mail.queue.queue_id = mail.id;
    mail.print = std::make_shared<const Fingerprint>(print);
    const Outcome outcome = engine_.feed({at, at, std::move(mail)}, at);
    for (const model::Decision& decision : outcome.decisions) {
      if (decision.subject.kind != model::SubjectKind::campaign) continue;
      ++told_;
      found_ = true;
    }
  }

  std::size_t mails_;
  base::TimePoint midnight_ = base::from_unix_seconds(1'790'035'200);
  MailMaker maker_;
  Engine engine_;
  std::vector<Hidden> hidden_ = {
      {"of an hour", std::chrono::hours(6), std::chrono::seconds(30)},
      {"of eight hours", std::chrono::hours(10), std::chrono::minutes(4)},
      {"of a day", std::chrono::minutes(10), std::chrono::minutes(11)},
  };
  std::uint64_t serial_ = 0;
  std::size_t told_ = 0;
  bool found_ = false;
  double seconds_ = 1;
};

// In a process of its own, so that what one run leaves behind is not counted for the next.
void run_alone(std::size_t bytes, std::size_t mails) {
  std::fflush(stdout);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    Day one(bytes, mails);
    const std::size_t before = resident_bytes();
    one.live();
    one.run();
    one.tell(resident_bytes() - before);
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}

}  // namespace
}  // namespace leumund::engine

int main(int argc, char** argv) {
  const double millions = argc > 1 ? std::atof(argv[1]) : 10;
  const auto mails = static_cast<std::size_t>(millions * 1e6);
  std::vector<std::size_t> sizes = {64, 900};
  if (argc > 2) sizes = {std::strtoull(argv[2], nullptr, 10)};
  if (mails < 1440 || sizes[0] == 0) {
    std::fprintf(stderr, "campaign_memory_bench: wants millions of mails and megabytes\n");
    return 2;
  }
  for (const std::size_t megabytes : sizes) {
    fmt::print("a day of {} mails, limits.campaigns = {} MB (target: 1000 MB for campaigns)\n",
               mails, megabytes);
    leumund::engine::run_alone(megabytes * 1'000'000, mails);
  }
  return 0;
}
