#include "apps/daemon/sent_proofs.h"

#include <fmt/core.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "apps/daemon/list_keys.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "config/egress.h"
#include "intake/watch_files.h"

namespace leumund::apps {
namespace {

constexpr std::chrono::seconds look_every{10};
// Behind it the cron job that should write the file does not seem to run.
constexpr std::chrono::hours stale{48};

struct Stamp {
  std::uint64_t number = 0;  // a file put in its place is another one
  std::uint64_t bytes = 0;
  base::TimePoint written;

  bool operator==(const Stamp&) const = default;
};

std::optional<Stamp> stamp_of(const std::string& file) {
  struct stat found{};
  if (file.empty() || ::stat(file.c_str(), &found) != 0) return std::nullopt;
  const auto since_epoch =
      std::chrono::seconds(found.st_mtim.tv_sec) + std::chrono::nanoseconds(found.st_mtim.tv_nsec);
  return Stamp{found.st_ino, static_cast<std::uint64_t>(found.st_size),
               base::TimePoint(std::chrono::floor<base::Micros>(since_epoch))};
}

template <typename Content>
struct File {
  std::optional<Stamp> seen;  // at the last look
  std::optional<Stamp> taken;
  std::shared_ptr<const Content> content = std::make_shared<const Content>();
  std::vector<std::string> problems;

  // `parse(text, written, problems)`; false: nothing is new.
  template <typename Parse>
  bool look(const char* option, const std::string& file, std::size_t bytes_max, bool at_once,
            Parse parse) {
    const auto now = stamp_of(file);
    const bool settled = at_once || std::exchange(seen, now) == now;
    seen = now;
    if (!settled || (now && now == taken) || file.empty()) return false;
    const auto told_before = std::exchange(problems, {});
    Content fresh;
    const auto text = read_list_file(file, bytes_max);
    base::Status done = text ? base::Status() : text.error();
    if (done && (!now || stamp_of(file) != now)) {
      done = base::Error{base::ErrorCode::unavailable, "is written to while it is read"};
    }
    if (done) done = parse(*text, now->written, fresh, problems);
    taken = text && now && stamp_of(file) == now ? now : std::nullopt;
    content = std::make_shared<const Content>(done ? std::move(fresh) : Content());
    if (!done) problems = {done.error().message};
    for (std::string& problem : problems) problem = fmt::format("{} {}: {}", option, file, problem);
    for (const std::string& problem : problems) {
      if (std::find(told_before.begin(), told_before.end(), problem) == told_before.end()) {
        base::log(base::LogLevel::warn, "watch: {}", problem);
      }
    }
    return true;
  }

  void add_stale(const char* option, const std::string& file, base::TimePoint now,
                 std::vector<std::string>& out) const {
    if (!taken || !problems.empty() || now - taken->written < stale) return;
    out.push_back(fmt::format("{} {}: was last written {}: what it proves ends then", option, file,
                              base::format_rfc3339(taken->written)));
  }
};

base::Status read_counters(const std::string& text, base::TimePoint written,
                           std::vector<intake::SentCounter>& out) {
  auto read = intake::parse_sent_counters(text, written);
  if (!read) return read.error();
  out = std::move(*read);
  return {};
}

base::Status read_flows(const std::string& text, base::TimePoint written, wire::FlowFile& out,
                        std::vector<std::string>& problems) {
  auto read = wire::read_flow_file(text);
  if (!read) return read.error();
  out = std::move(*read);
  problems = out.problems;
  if (out.bad > problems.size()) {
    problems.push_back(fmt::format("{} lines more cannot be read", out.bad - problems.size()));
  }
  // Nobody has seen what comes behind the writing.
  for (wire::FlowCover& cover : out.covers) cover.until = std::min(cover.until, written);
  std::erase_if(out.covers, [](const auto& cover) { return cover.until <= cover.since; });
  return {};
}

}  // namespace

struct SentProofs::Source {
  std::string counters;
  std::string flows;
  std::vector<base::IpAddress> own;

  bool operator==(const Source&) const = default;

  static Source of(const config::RunSettings& run) {
    Source out{run.watch_counters_file, run.watch_flows_file, {}};
    for (const auto& own : config::own_addresses(run.egresses, run.watch_addresses)) {
      out.own.push_back(own.address);
    }
    return out;
  }
};

struct SentProofs::Told {
  Source source;
  File<std::vector<intake::SentCounter>> counters;
  File<wire::FlowFile> flows;
};

SentProofs::SentProofs(const config::RunSettings& run, const Clock& clock)
    : clock_(clock), source_(std::make_shared<const Source>(Source::of(run))) {
  told_.publish(read({}, true));
}

SentProofs::~SentProofs() { stop(); }

void SentProofs::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_setname_np(thread_.native_handle(), "proof");
}

void SentProofs::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  static_cast<void>(wake_.push(1));
  thread_.join();
}

void SentProofs::set_settings(const config::RunSettings& run) {
  source_.publish(std::make_shared<const Source>(Source::of(run)));
  told_.publish(read(*told_.read(), true));
}

void SentProofs::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    static_cast<void>(wake_.pop(look_every));
    if (stop.stop_requested()) return;
    try {
      look();
    } catch (const std::exception& error) {
      base::log(base::LogLevel::error, "watch: {}", error.what());
    }
  }
}

// What a reload publishes meanwhile is lost for one look: the next finds another source.
void SentProofs::look() { told_.publish(read(*told_.read(), false)); }

std::shared_ptr<const SentProofs::Told> SentProofs::read(const Told& before, bool at_once) const {
  const auto source = source_.read();
  auto out = std::make_shared<Told>(before);
  if (before.source != *source) *out = Told{*source, {}, {}};
  at_once = at_once || before.source != *source;
  out->counters.look("watch.counters_file", source->counters, intake::watch_file_bytes_max, at_once,
                     [](const std::string& text, base::TimePoint written, auto& fresh,
                        auto& /*problems*/) { return read_counters(text, written, fresh); });
  out->flows.look("watch.flows_file", source->flows, wire::flow_file_bytes_max, at_once,
                  [](const std::string& text, base::TimePoint written, auto& fresh,
                     auto& problems) { return read_flows(text, written, fresh, problems); });
  return out;
}

std::string SentProofs::of(const std::string& place) const {
  const auto told = told_.read();
  return intake::sent_proof(*told->counters.content, *told->flows.content, place, told->source.own);
}

std::vector<std::string> SentProofs::problems() const {
  const auto told = told_.read();
  const auto now = clock_.now();
  std::vector<std::string> out = told->counters.problems;
  out.insert(out.end(), told->flows.problems.begin(), told->flows.problems.end());
  told->counters.add_stale("watch.counters_file", told->source.counters, now, out);
  told->flows.add_stale("watch.flows_file", told->source.flows, now, out);
  return out;
}

}  // namespace leumund::apps
