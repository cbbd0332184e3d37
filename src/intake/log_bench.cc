// Reads, takes apart and joins a generated mail log of several million lines on one core, beside
// pflogsumm and `rg -c` on the same file in the same run.
//
//   log_bench [LINES] [FILE]      default 3,000,000 lines in a file that is removed afterwards
//
// The log is made by a seeded generator: sessions of accounts and of strangers, content filter,
// scripts, refusals, bounces, logins, lines of other programs, three hundred mails at a time.
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "intake/log_follower.h"

namespace {

using namespace leumund;
using Clock = std::chrono::steady_clock;

// Makes the lines of one mail after the other, and mixes those of many.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {
    for (auto& mail : mails_) begin(mail);
  }

  void append_line(std::string& out) {
    if (++line_ % 250 == 0) ++second_;  // 250 lines a second
    auto& mail = mails_[random_() % mails_.size()];
    if (mail.empty()) begin(mail);
    const int day = 1 + second_ / 86400;
    const int of_day = second_ % 86400;
    fmt::format_to(std::back_inserter(out), "Nov {:2} {:02}:{:02}:{:02} mx {}\n", day,
                   of_day / 3600, of_day / 60 % 60, of_day % 60, mail.front());
    mail.pop_front();
  }

 private:
  using Lines = std::deque<std::string>;

  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  std::string queue_id() {
    return fmt::format("{:010X}", 0x4000000000ULL + (next_id_++ * 7919) % 0x3fffffffffULL);
  }
  std::string address() {
    return fmt::format("person{}@domain{}.example", below(200'000), below(5'000));
  }
  std::string client() {
    return fmt::format("host{0}.example[198.51.{1}.{2}]", below(60'000), below(256), below(256));
  }

  void add_deliveries(Lines& out, const std::string& id, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const std::string to = address();
      const std::string mx =
          fmt::format("mx{}.domain.example[203.0.{}.{}]", below(9), below(256), below(256));
      const unsigned kind = below(100);
      const std::string head = fmt::format(
          "postfix/smtp[{}]: {}: to=<{}>, relay={}:25, delay={}.{}, delays=0.1/0.02/0.3/0.4, ",
          3000 + below(90), id, to, mx, below(9), below(9));
      if (kind < 88) {
        out.push_back(
            head + fmt::format("dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {:X})", random_()));
      } else if (kind < 94) {
        out.push_back(
            head +
            fmt::format(
                "dsn=5.1.1, status=bounced (host {} said: 550 5.1.1 <{}>: Recipient address "
                "rejected: User unknown in virtual mailbox table (in reply to RCPT TO command))",
                mx, to));
      } else {
        out.push_back(
            head +
            fmt::format("dsn=4.4.1, status=deferred (connect to {}:25: Connection timed out)", mx));
      }
    }
  }

  void begin_submission(Lines& out) {
    const std::string who = client();
    const std::string account = fmt::format("account{}@c.test", below(5'000));
    const unsigned pid = 1000 + below(200);
    const unsigned recipients = 1 + below(3);
    std::string id = queue_id();
    const std::string message_id = fmt::format("{:x}.{:x}@c.test", random_(), random_());
    out.push_back(fmt::format("postfix/submission/smtpd[{}]: connect from {}", pid, who));
    out.push_back(fmt::format(
        "postfix/submission/smtpd[{}]: Anonymous TLS connection established from {}: TLSv1.3 with "
        "cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519",
        pid, who));
    out.push_back(fmt::format(
        "postfix/submission/smtpd[{}]: {}: client={}, sasl_method=PLAIN, sasl_username={}", pid, id,
        who, account));
    out.push_back(
        fmt::format("postfix/cleanup[{}]: {}: message-id=<{}>", 2000 + below(50), id, message_id));
    out.push_back(
        fmt::format("opendkim[235]: {}: DKIM-Signature field added (s=mail, d=c.test)", id));
    out.push_back(fmt::format("postfix/qmgr[964]: {}: from=<{}>, size={}, nrcpt={} (queue active)",
                              id, account, 500 + below(90'000), recipients));
    out.push_back(fmt::format(
        "postfix/submission/smtpd[{}]: disconnect from {} ehlo=2 starttls=1 auth=1 mail=1 rcpt={} "
        "data=1 quit=1 commands=8",
        pid, who, recipients));
    if (below(3) == 0) id = through_filter(out, id, account, message_id, recipients);
    add_deliveries(out, id, recipients);
    out.push_back(fmt::format("postfix/qmgr[964]: {}: removed", id));
  }

  std::string through_filter(Lines& out, const std::string& id, const std::string& account,
                             const std::string& message_id, unsigned recipients) {
    const std::string next = queue_id();
    const unsigned pid = 1300 + below(20);
    out.push_back(fmt::format("postfix/smtpd[{}]: connect from localhost[127.0.0.1]", pid));
    out.push_back(fmt::format("postfix/smtpd[{}]: {}: client=localhost[127.0.0.1]", pid, next));
    out.push_back(fmt::format("postfix/cleanup[{}]: {}: message-id=<{}>", 2000 + below(50), next,
                              message_id));
    out.push_back(fmt::format("postfix/qmgr[964]: {}: from=<{}>, size={}, nrcpt={} (queue active)",
                              next, account, 900 + below(90'000), recipients));
    out.push_back(fmt::format(
        "amavis[2279]: ({:05}-04) Passed CLEAN {{RelayedOutbound}}, <{}> -> <x>, Queue-ID: {}, "
        "queued_as: {}, 80 ms",
        below(99'999), account, id, next));
    out.push_back(
        fmt::format("postfix/smtp[{}]: {}: to=<{}>, relay=127.0.0.1[127.0.0.1]:10024, delay=0.38, "
                    "delays=0.23/0.02/0/0.13, dsn=2.0.0, status=sent (250 2.0.0 from "
                    "MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {})",
                    3000 + below(90), id, address(), next));
    out.push_back(fmt::format("postfix/qmgr[964]: {}: removed", id));
    return next;
  }

  void begin_arrival(Lines& out) {
    const std::string who = client();
    const unsigned pid = 1500 + below(200);
    const std::string id = queue_id();
    const std::string to = fmt::format("account{}@c.test", below(5'000));
    out.push_back(fmt::format("postfix/smtpd[{}]: connect from {}", pid, who));
    out.push_back(fmt::format("postfix/smtpd[{}]: {}: client={}", pid, id, who));
    out.push_back(fmt::format("postfix/cleanup[{}]: {}: message-id=<{:x}@mail.example>",
                              2000 + below(50), id, random_()));
    out.push_back(fmt::format("postfix/qmgr[964]: {}: from=<{}>, size={}, nrcpt=1 (queue active)",
                              id, address(), 500 + below(90'000)));
    out.push_back(fmt::format(
        "postfix/smtpd[{}]: disconnect from {} ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 "
        "commands=7",
        pid, who));
    out.push_back(fmt::format(
        "postfix/lmtp[{}]: {}: to=<{}>, relay=mx.c.test[private/dovecot-lmtp], delay=0.2, "
        "delays=0.1/0.01/0.01/0.1, dsn=2.0.0, status=sent (250 2.0.0 <{}> wArTL0TxF2Acc Saved)",
        4000 + below(30), id, to, to));
    out.push_back(
        fmt::format("dovecot: lmtp({})<9956><IkiQKTt>: msgid=<x>: saved mail to INBOX", to));
    out.push_back(fmt::format("postfix/qmgr[964]: {}: removed", id));
  }

  void begin_script(Lines& out) {
    const std::string id = queue_id();
    out.push_back(
        fmt::format("postfix/pickup[23219]: {}: uid={} from=<www-data>", id, 33 + below(40)));
    out.push_back(fmt::format("postfix/cleanup[{}]: {}: message-id=<{:x}@c.test>", 2000 + below(50),
                              id, random_()));
    out.push_back(fmt::format(
        "postfix/qmgr[964]: {}: from=<www-data@c.test>, size=829, nrcpt=1 (queue active)", id));
    add_deliveries(out, id, 1);
    out.push_back(fmt::format("postfix/qmgr[964]: {}: removed", id));
  }

  void begin_stranger(Lines& out) {
    const std::string who = client();
    const unsigned pid = 1500 + below(200);
    out.push_back(fmt::format(
        "postfix/postscreen[21130]: CONNECT from [198.51.{}.{}]:55382 to [192.0.2.1]:25",
        below(256), below(256)));
    out.push_back(fmt::format(
        "postfix/dnsblog[21133]: addr 198.51.{}.{} listed by domain zen.dnsbl.example as 127.0.0.3",
        below(256), below(256)));
    out.push_back(fmt::format("postfix/smtpd[{}]: warning: hostname {} does not resolve to address",
                              pid, who));
    out.push_back(fmt::format("postfix/smtpd[{}]: connect from {}", pid, who));
    if (below(2) == 0) {
      out.push_back(fmt::format(
          "postfix/smtpd[{}]: warning: {}: SASL LOGIN authentication failed: UGFzc3dvcmQ6", pid,
          who));
    } else {
      out.push_back(fmt::format(
          "postfix/smtpd[{}]: NOQUEUE: reject: RCPT from {}: 554 5.7.1 <{}>: Relay access denied; "
          "from=<{}> to=<x@y.example> proto=ESMTP helo=<h>",
          pid, who, address(), address()));
    }
    out.push_back(fmt::format("postfix/smtpd[{}]: lost connection after RCPT from {}", pid, who));
    out.push_back(fmt::format(
        "postfix/smtpd[{}]: disconnect from {} ehlo=1 mail=1 rcpt=0/1 commands=2/3", pid, who));
  }

  void begin(Lines& out) {
    const unsigned kind = below(100);
    if (kind < 40) {
      begin_submission(out);
    } else if (kind < 65) {
      begin_arrival(out);
    } else if (kind < 70) {
      begin_script(out);
    } else if (kind < 90) {
      begin_stranger(out);
    } else {
      out.push_back(fmt::format(
          "dovecot: imap-login: Login: user=<account{}@c.test>, method=PLAIN, rip=198.51.100.{}, "
          "lip=192.0.2.1, mpid=19430, TLS, session=<jBCG09>",
          below(5'000), below(256)));
    }
  }

  std::mt19937_64 random_;
  std::array<Lines, 300> mails_;
  std::uint64_t next_id_ = 1;
  std::uint64_t line_ = 0;
  int second_ = 0;
};

class Counting : public intake::LogReceiver {
 public:
  void on_event(const model::MailEvent& event) override { ++counts[event.what.index()]; }
  void on_position(const std::string&) override { ++positions; }

  std::array<std::uint64_t, std::variant_size_v<decltype(model::MailEvent::what)>> counts{};
  std::uint64_t positions = 0;
};

double cpu_seconds(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

bool generate(const std::string& path, std::uint64_t lines) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  Generator generator(20261121);
  std::string text;
  bool good = true;
  for (std::uint64_t i = 0; i < lines && good; ++i) {
    generator.append_line(text);
    if (text.size() > (1 << 20) || i + 1 == lines) {
      good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
      text.clear();
    }
  }
  return (std::fclose(file) == 0) && good;
}

void report(const char* name, double seconds, double cpu, std::uint64_t lines, double megabytes) {
  fmt::print("{:<34} {:>7.2f} s {:>7.2f} s cpu {:>12.0f} lines/s {:>8.0f} MB/s\n", name, seconds,
             cpu, static_cast<double>(lines) / cpu, megabytes / cpu);
}

void read_ours(const std::string& path, std::uint64_t lines, double megabytes) {
  intake::LogFollowerSettings settings;
  settings.path = path;
  settings.start = intake::LogStart::everything;
  settings.utc_offset = std::chrono::seconds(0);
  settings.correlator.own_hosts = {"mx"};
  Counting counting;
  auto follower = intake::LogFollower::open(settings, "");
  if (!follower) return (void)fmt::print("{}\n", follower.error().message);
  const auto start = Clock::now();
  const double cpu = cpu_seconds(RUSAGE_SELF);
  (*follower)->poll(counting, base::system_now());
  const double used = cpu_seconds(RUSAGE_SELF) - cpu;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  report("leumund: read, parse, join, tell", seconds, used, lines, megabytes);
  const intake::LogStatus status = (*follower)->status();
  fmt::print(
      "  {} lines: {} submissions, {} joined, {} deliveries, {} removals, {} logins; unknown {}, "
      "open {}, positions {}\n",
      status.lines, status.counters.submissions, status.counters.continuations,
      status.counters.deliveries, status.counters.removals, status.counters.logins,
      status.counters.lines[static_cast<std::size_t>(wire::LineKind::unknown)],
      status.counters.open_messages, counting.positions);
}

void read_other(const char* name, const std::string& command, const char* program,
                std::uint64_t lines, double megabytes) {
  if (std::system(fmt::format("command -v {} >/dev/null", program).c_str()) != 0) {
    return (void)fmt::print("{:<34} not installed\n", name);
  }
  const auto start = Clock::now();
  const double cpu = cpu_seconds(RUSAGE_CHILDREN);
  if (std::system(command.c_str()) != 0) return (void)fmt::print("{:<34} failed\n", name);
  report(name, std::chrono::duration<double>(Clock::now() - start).count(),
         cpu_seconds(RUSAGE_CHILDREN) - cpu, lines, megabytes);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t lines = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 3'000'000;
  const bool kept = argc > 2;
  const std::string path = kept ? argv[2]
                                : (std::filesystem::temp_directory_path() /
                                   fmt::format("leumund_log_bench_{}", ::getpid()))
                                      .string();
  if (lines == 0 || !generate(path, lines)) {
    fmt::print("log_bench: cannot write {} lines to {}\n", lines, path);
    return 1;
  }
  const double megabytes = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  fmt::print("{} lines, {:.0f} MB; lines/s and MB/s are per second of processor time\n", lines,
             megabytes);
  for (int i = 0; i < 3; ++i) read_ours(path, lines, megabytes);
  read_other("rg -c 'status=sent'", "rg -j1 -c status=sent " + path + " >/dev/null", "rg", lines,
             megabytes);
  read_other("pflogsumm", "pflogsumm " + path + " >/dev/null", "pflogsumm", lines, megabytes);
  if (!kept) std::filesystem::remove(path);
  return 0;
}
