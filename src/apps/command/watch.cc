// The live view: on a terminal one screen that is drawn anew, elsewhere a line for each decision.
#include <fmt/core.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <vector>

#include "action/sentences.h"
#include "apps/command/json.h"
#include "apps/command/show.h"
#include "apps/command/verbs.h"

namespace leumund::apps {
namespace {

using action::translated_list;

constexpr const char* enter_screen = "\x1b[?1049h\x1b[?25l";
constexpr const char* leave_screen = "\x1b[?25h\x1b[?1049l";
constexpr const char* home = "\x1b[H";
constexpr const char* clear_line = "\x1b[K";
constexpr const char* clear_below = "\x1b[J";
constexpr std::size_t latest_kept = 200;

// Ctrl-C and SIGTERM as something to wait for, so that the terminal is put in order before we end.
class EndSignals {
 public:
  EndSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &before_);
    fd_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;
  ~EndSignals() {
    if (fd_ >= 0) ::close(fd_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  // True when asked to end within `seconds`.
  [[nodiscard]] bool wait(double seconds) const {
    pollfd one{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, static_cast<int>(seconds * 1000)) > 0;
  }

 private:
  sigset_t before_{};
  int fd_ = -1;
};

struct Screen {
  explicit Screen(Terminal& on) : terminal(on) {
    if (terminal.is_screen()) terminal.raw(enter_screen);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() {
    if (terminal.is_screen()) terminal.raw(leave_screen);
    terminal.flush();
  }
  Terminal& terminal;
};

// What has been seen so far.
struct Seen {
  std::uint64_t decision = 0;
  bool first = true;
  double at = 0;
  std::uint64_t recipients = 0;
  double per_minute = 0;
  std::vector<std::string> latest;  // lines, newest last
};

void note_rate(Seen& seen, const JsonValue& status) {
  const double now = status.at("now").number();
  const std::uint64_t recipients = status.at("counters").at("recipients").count();
  if (!seen.first && now > seen.at && recipients >= seen.recipients) {
    const double rate = static_cast<double>(recipients - seen.recipients) * 60 / (now - seen.at);
    seen.per_minute = seen.per_minute * 0.7 + rate * 0.3;
  }
  seen.at = now;
  seen.recipients = recipients;
}

std::string bar(double score, double most) {
  const auto length =
      static_cast<std::size_t>(std::clamp(score / std::max(most, 1.0), 0.0, 1.0) * 20);
  return std::string(length, '#') + std::string(20 - length, '.');
}

void add_restrictions(const Terminal& terminal, const JsonValue& restrictions, std::size_t most,
                      Colour colour, std::vector<std::string>& lines) {
  std::size_t shown = 0;
  for (const JsonValue& one : restrictions) {
    if (shown++ == most) break;
    lines.push_back(
        fmt::format("  {:<34} {}  {}", cut(safe(one.at("subject").text()), 34),
                    terminal.paint(colour, level_word(terminal, one.at("level").text())),
                    reason_words(terminal, one)));
  }
}

std::vector<std::string> screen_lines(const Terminal& terminal, const JsonValue& status,
                                      const Seen& seen, int height) {
  std::vector<std::string> lines;
  const bool enforcing = status.at("mode").at("burst").text() == "enforce";
  const auto now = status.at("now").time().value_or(base::TimePoint());
  lines.push_back(terminal.paint(
      Colour::bold,
      fmt::format("Leumund {}  {}  {}  {}", safe(status.at("version").text()),
                  terminal.say(enforcing ? Phrase("mode_enforce") : Phrase("mode_observe")),
                  local_time(now), terminal.say("rate", terminal.decimal(seen.per_minute, 1)))));
  if (status.at("unattended").at("now").flag()) {
    const auto until = status.at("unattended").at("until").time().value_or(now);
    lines.push_back(
        terminal.paint(Colour::yellow, terminal.say("unattended_until", local_time(until))));
  }
  for (const JsonValue& part : status.at("parts")) {
    if (part.at("well").flag()) continue;  // the window is quiet while all is well
    lines.push_back(terminal.paint(
        Colour::red,
        fmt::format("{} {}: {}", terminal.say("part_ill"),
                    part_name(terminal, part.at("name").text()),
                    safe(translated_list(terminal.language(), part.at("detail").text())))));
  }
  lines.emplace_back();
  const auto total = status.at("restrictions_total").count();
  lines.push_back(total == 0 ? terminal.paint(Colour::green, terminal.say("nobody_restricted"))
                             : terminal.say("restricted_title", total));
  const auto third = static_cast<std::size_t>(std::max(3, height / 3 - 3));
  add_restrictions(terminal, status.at("restrictions"), third, Colour::red, lines);
  if (const auto would = status.at("would_restrict_total").count(); would > 0) {
    lines.push_back(terminal.say("would_restrict_title", would));
    add_restrictions(terminal, status.at("would_restrict"), third, Colour::yellow, lines);
  }
  const JsonValue& watched = status.at("watched");
  lines.push_back(watched.empty() ? "" : terminal.say("watched_title"));
  std::size_t shown = 0;
  double most = 0;
  for (const JsonValue& one : watched) most = std::max(most, one.at("score").number());
  for (const JsonValue& one : watched) {
    if (shown++ == third) break;
    const double score = one.at("score").number();
    lines.push_back(fmt::format("  {:<34} {:>7} {}", cut(safe(one.at("subject").text()), 34),
                                terminal.decimal(score, 2),
                                terminal.paint(Colour::yellow, bar(score, most))));
  }
  if (!seen.latest.empty()) lines.push_back(terminal.say("latest_title"));
  const auto room = std::max<std::int64_t>(0, height - 2 - static_cast<std::int64_t>(lines.size()));
  const auto first =
      std::max<std::int64_t>(0, static_cast<std::int64_t>(seen.latest.size()) - room);
  for (std::size_t i = static_cast<std::size_t>(first); i < seen.latest.size(); ++i) {
    lines.push_back("  " + seen.latest[i]);
  }
  return lines;
}

void draw(Terminal& terminal, const JsonValue& status, const Seen& seen) {
  const int height = terminal.height();
  std::string out = home;
  int row = 0;
  for (const std::string& line : screen_lines(terminal, status, seen, height)) {
    if (++row >= height) break;
    // Colour codes take no room, so a coloured line may be cut a little early; never wrapped.
    out += (terminal.paint(Colour::bold, "x").size() > 1 && line.find('\x1b') != std::string::npos)
               ? line
               : cut(line, static_cast<std::size_t>(terminal.width()));
    out += std::string(clear_line) + "\r\n";
  }
  out += clear_below + terminal.paint(Colour::dim, terminal.say("watch_ends"));
  terminal.raw(out);
  terminal.flush();
}

// Takes the decisions since the last look; elsewhere than on a screen they are printed at once.
base::Status take_decisions(const Request& request, const face::ApiClient& client,
                            Terminal& terminal, Seen& seen) {
  const auto list = client.get(fmt::format("/v1/events?after={}&limit=1000", seen.decision));
  if (!list) return list.error();
  const JsonValue answer = JsonValue::parse(list->body);
  for (const JsonValue& decision : answer.at("decisions")) {
    seen.decision = std::max(seen.decision, decision.at("number").count());
    const std::string text = decision.dump();
    const std::string line = request.json ? text : event_line(terminal, text);
    if (request.json || !terminal.is_screen()) {
      terminal.line(line);
    } else {
      seen.latest.push_back(line);
    }
  }
  if (seen.latest.size() > latest_kept) {
    seen.latest.erase(seen.latest.begin(), seen.latest.end() - latest_kept);
  }
  terminal.flush();
  return {};
}

// One look; exit_done to go on.
int look(const Request& request, const face::ApiClient& client, const std::string& socket,
         Terminal& terminal, Seen& seen) {
  const auto answer = client.get("/v1/status?most=50");
  if (!answer) return tell_unreachable(request, socket, answer.error(), terminal);
  if (answer->status != 200) return tell_refusal(request, *answer, terminal);
  const JsonValue status = JsonValue::parse(answer->body);
  note_rate(seen, status);
  const bool screen = terminal.is_screen() && !request.json;
  if (seen.first) {
    const auto before = before_newest(client, screen ? 20 : 0);
    if (!before) return tell_unreachable(request, socket, before.error(), terminal);
    seen.decision = *before;
    if (request.json) {
      terminal.line(answer->body);
    } else if (!screen) {
      show_status(terminal, answer->body);
    }
  }
  seen.first = false;
  if (auto taken = take_decisions(request, client, terminal, seen); !taken) {
    return tell_unreachable(request, socket, taken.error(), terminal);
  }
  if (screen) draw(terminal, status, seen);
  return exit_done;
}

}  // namespace

int watch(const Request& request, const face::ApiClient& client, const std::string& socket,
          Terminal& terminal) {
  // A daemon that is not there at the start is a mistake to tell; one that goes away later comes
  // back after its restart, and the window waits for it.
  Seen seen;
  if (const auto probe = client.get("/healthz"); !probe) {
    return tell_unreachable(request, socket, probe.error(), terminal);
  }
  const EndSignals end;
  const Screen screen(terminal);
  int status = exit_done;
  for (std::uint64_t n = 0; request.refreshes == 0 || n < request.refreshes; ++n) {
    if (n > 0 && end.wait(request.interval)) break;
    status = look(request, client, socket, terminal, seen);
    if (status == exit_negative || status == exit_wrong_use) break;
  }
  return request.refreshes == 0 ? exit_done : status;
}

}  // namespace leumund::apps
