// Figures of the engine on one core, by processor time: events a second, bytes of an idle account,
// load of a million subjects, and how fast event lines are parsed.
//
//   engine_bench [EVENTS.jsonl[.zst]]    a stream of mix.py; without one, a made-up provider of the
//                                        same mixture
#include <fmt/core.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "diagnosis/reader.h"
#include "engine/engine.h"
#include "evidence/account_codec.h"
#include "evidence/ledger.h"
#include "wire/event_line.h"

namespace {

using namespace leumund;
// Processor time of this thread: the figures are about one core, however busy the machine is.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// The mixture of mix.py: of 100 events about 23 are submissions, 70 deliveries, 7 logins.
std::vector<std::string> made_up_lines(int submissions) {
  std::mt19937 random(42);
  std::vector<std::string> lines;
  double at = 1'600'000'000;
  for (int i = 0; i < submissions; ++i) {
    at += 12;
    // Few accounts send much and many send little; in the mean they come to as many acquaintances
    // as those of a year of the mixer's streams.
    const auto account =
        static_cast<unsigned>(std::pow(30'000.0, static_cast<double>(random() % 10'000) / 10'000));
    const std::string name =
        fmt::format("u{:06}@t{:03}.example", account * 7919 % 1'000'000, account % 400);
    const std::string client = fmt::format("93.{}.{}.7", account % 256,
                                           random() % 4 == 0 ? random() % 256 : account % 256);
    if (random() % 3 == 0) {
      lines.push_back(fmt::format(R"({{"type":"login","at":{:.3f},"account":"{}","client":"{}",)"
                                  R"("service":"submission","ok":true}})",
                                  at - 3, name, client));
    }
    std::string recipients;
    const unsigned count = 1 + static_cast<unsigned>(random() % 5);
    std::vector<std::string> names;
    for (unsigned k = 0; k < count; ++k) {
      const auto person = random() % 8 == 0 ? random() % 90'000'000 : account * 100 + random() % 20;
      names.push_back(fmt::format("r{:08}@d{}.example", person, person % 50));
      recipients += fmt::format("{}\"{}\"", k > 0 ? "," : "", names.back());
    }
    lines.push_back(fmt::format(
        R"({{"type":"submission","at":{:.3f},"id":"{:016x}","account":"{}","script":null,)"
        R"("client":"{}","envelope_sender":"{}","recipients":[{}],"size":2300,)"
        R"("headers":[["Subject","Re: minutes"],["X-Mailer","x"]]}})",
        at, i, name, client, name, recipients));
    for (const std::string& recipient : names) {
      lines.push_back(
          fmt::format(R"({{"type":"delivery","at":{:.3f},"id":"{:016x}","recipient":"{}",)"
                      R"("egress":"192.0.2.25","remote":"mx[198.51.100.9]",)"
                      R"("status":"sent","stage":"end","reply":"250 2.0.0 Ok: queued"}})",
                      at + 5, i, recipient));
    }
  }
  return lines;
}

std::vector<std::string> lines_of(const char* path) {
  std::vector<std::string> lines;
  const bool packed = std::string_view(path).ends_with(".zst");
  std::FILE* in = packed ? popen(fmt::format("zstd -dcq --long=27 '{}'", path).c_str(), "r")
                         : std::fopen(path, "re");
  if (in == nullptr) {
    fmt::print(stderr, "{}: cannot be opened\n", path);
    std::exit(2);
  }
  char* line = nullptr;
  std::size_t size = 0;
  while (getline(&line, &size, in) > 0) lines.emplace_back(line);
  std::free(line);
  packed ? pclose(in) : std::fclose(in);
  return lines;
}

std::vector<model::MailEvent> parse(const std::vector<std::string>& lines) {
  wire::EventLineReader reader(wire::EventLineReader::Bodies::leave_out);
  std::vector<model::MailEvent> events;
  events.reserve(lines.size());
  double bytes = 0;
  const double start = cpu_seconds();
  for (const std::string& line : lines) {
    bytes += static_cast<double>(line.size());
    auto event = reader.read(line);
    if (event) events.push_back(std::move(*event));
  }
  const double took = (cpu_seconds() - start);
  fmt::print("event lines parsed:        {:>10.0f} a second, {:.0f} MB/s (bodies passed over)\n",
             static_cast<double>(lines.size()) / took, bytes / took / 1e6);
  return events;
}

std::shared_ptr<const diagnosis::Reader> replies() {
  static const std::shared_ptr<const diagnosis::Reader> reader = [] {
    auto made = diagnosis::Reader::shipped();
    CHECK(made.ok());
    return std::move(*made);
  }();
  return reader;
}

void measure_feed(const std::vector<model::MailEvent>& events) {
  double best = 0;
  for (int round = 0; round < 3; ++round) {
    engine::Settings settings;
    settings.book.default_mode = model::Mode::enforce;
    engine::Engine engine(std::move(settings), replies());
    const double start = cpu_seconds();
    for (const model::MailEvent& event : events) engine.feed(event, event.occurred_at);
    best = std::max(best, static_cast<double>(events.size()) / (cpu_seconds() - start));
  }
  fmt::print(
      "events fed:                {:>10.0f} a second, best of 3, every term of the burst detector "
      "on\n",
      best);
}

// The accounts of the stream as records, all idle.
std::vector<evidence::SubjectRecord> idle_records(const std::vector<model::MailEvent>& events) {
  engine::Settings settings;
  settings.book.default_mode = model::Mode::enforce;
  engine::Engine engine(std::move(settings), replies());
  base::TimePoint last;
  for (const model::MailEvent& event : events)
    engine.feed(event, last = std::max(last, event.occurred_at));
  // A week later others send, and what was silent is packed.
  for (int i = 0; i < 200'000; ++i) {
    model::Submission mail;
    mail.account = "late@t.example";
    mail.recipients = {"r@d.example"};
    engine.feed({last + std::chrono::hours(24 * 7), last, mail}, last + std::chrono::hours(24 * 7));
  }
  std::vector<evidence::SubjectRecord> records;
  while (engine.drain_dirty(10'000, [&](evidence::SubjectRecord&& record) {
    records.push_back(std::move(record));
  }) > 0) {
  }
  return records;
}

std::size_t heap_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// What the records hold, and how many of their bytes are acquaintances.
void describe(const std::vector<evidence::SubjectRecord>& records) {
  std::vector<std::size_t> known;
  double all = 0;
  double without = 0;
  double names = 0;
  double last_days = 0;
  for (const evidence::SubjectRecord& record : records) {
    evidence::Account account;
    if (!evidence::decode_account(record.state, account).ok()) std::abort();
    known.push_back(account.habits.recipients.size());
    all += static_cast<double>(record.state.size());
    names += static_cast<double>(record.subject.size());
    account.habits.recipients = {};
    std::string stripped;
    evidence::encode_account(account, stripped);
    without += static_cast<double>(stripped.size());
    const evidence::Habits habits = account.habits;
    account = {};
    account.habits = habits;
    account.recent.at = habits.first_at;
    std::string idle;
    evidence::encode_account(account, idle);
    last_days += static_cast<double>(stripped.size()) - static_cast<double>(idle.size());
  }
  std::sort(known.begin(), known.end());
  const auto count = static_cast<double>(records.size());
  const auto at = [&known](double share) {
    return known[static_cast<std::size_t>(share * static_cast<double>(known.size() - 1))];
  };
  fmt::print(
      "accounts that sent:        {:>10}, acquaintances: half have up to {}, 90 % {}, 99 % {}\n",
      records.size(), at(0.5), at(0.9), at(0.99));
  fmt::print(
      "bytes of a record:         {:>10.0f}, of them acquaintances {:.0f}, suspicion and last days "
      "{:.0f}; names {:.0f}\n",
      all / count, (all - without) / count, last_days / count, names / count);
}

void measure_idle(const std::vector<evidence::SubjectRecord>& records) {
  constexpr std::size_t wanted = 1'000'000;
  std::vector<std::string> names;
  names.reserve(wanted);
  for (std::size_t i = 0; i < wanted; ++i)
    names.push_back(fmt::format("account:u{:09}@t{:03}.example", i * 7919, i % 400));
  evidence::Ledger::Settings settings;
  settings.bytes_max = std::size_t{4} << 30;
  evidence::Ledger ledger(settings);
  const std::size_t before = heap_bytes();
  const double start = cpu_seconds();
  for (std::size_t i = 0; i < wanted; ++i) {
    if (!ledger.load_record(names[i], records[i % records.size()].state).ok()) std::abort();
  }
  const double took = (cpu_seconds() - start);
  fmt::print("subjects loaded:           {:>10} in {:.2f} s\n", ledger.size(), took);
  fmt::print(
      "bytes of an idle account:  {:>10.0f} measured at the allocator, {:.0f} by the ledger's own "
      "count\n",
      static_cast<double>(heap_bytes() - before) / wanted,
      static_cast<double>(ledger.bytes()) / wanted);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> lines = argc > 1 ? lines_of(argv[1]) : made_up_lines(100'000);
  const std::vector<model::MailEvent> events = parse(lines);
  if (events.empty()) return 2;
  measure_feed(events);
  const auto records = idle_records(events);
  describe(records);
  measure_idle(records);
  return 0;
}
