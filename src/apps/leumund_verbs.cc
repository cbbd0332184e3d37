#include "apps/leumund_verbs.h"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <vector>

#include "apps/leumund_json.h"
#include "apps/leumund_show.h"
#include "base/time.h"
#include "config/load.h"
#include "face/postfix_connect.h"
#include "model/subject.h"
#include "net/http_client.h"

namespace leumund::apps {
namespace {

constexpr std::chrono::seconds patience{30};
constexpr std::uint64_t most_at_once = 1000;  // decisions in one answer

// Who gives the order, for the journal: behind sudo the person, not root.
std::string caller() {
  if (const char* sudo = std::getenv("SUDO_USER"); sudo != nullptr && *sudo != '\0') return sudo;
  if (const passwd* entry = ::getpwuid(::getuid()); entry != nullptr) return entry->pw_name;
  return "uid" + std::to_string(::getuid());
}

int wrong_use(Terminal& terminal, std::string_view what) {
  terminal.complain(what);
  return exit_wrong_use;
}

// One conversation with the daemon, in the way the request wants it shown.
class Talk {
 public:
  Talk(const Request& asked, Terminal& shown_on)
      : request(asked), terminal(shown_on), socket(socket_of(asked)), client(socket, patience) {}

  using Show = std::function<bool(std::string_view body)>;

  int get(const std::string& target, const Show& show) { return shown(client.get(target), show); }
  int post(const std::string& path, const JsonValue& sent, const Show& show) {
    return shown(client.post(path, sent.dump()), show);
  }

  int shown(const base::Result<face::ApiAnswer>& answer, const Show& show) {
    if (!answer) return tell_unreachable(request, socket, answer.error(), terminal);
    if (answer->status != 200) return tell_refusal(request, *answer, terminal);
    body = answer->body;
    if (request.json) {
      terminal.line(body);
    } else if (!show(body)) {
      return tell_unreachable(
          request, socket, {base::ErrorCode::malformed, "its answer is no JSON: is that leumundd?"},
          terminal);
    }
    return exit_done;
  }

  // The body of an order with who gives it.
  [[nodiscard]] JsonValue order() const {
    JsonValue made = JsonValue::object();
    made.set("by", caller());
    if (!request.subject.empty()) made.set("subject", request.subject);
    return made;
  }

  const Request& request;
  Terminal& terminal;
  std::string socket;
  face::ApiClient client;
  std::string body;  // of the last good answer
};

// Adds a point in time the person typed; false when it is none.
bool add_time(Talk& talk, JsonValue& order, const char* name, const std::string& text) {
  if (text.empty()) return true;
  const auto at = parse_when(text, base::system_now());
  if (!at) {
    talk.terminal.complain(fmt::format("--{}: {}", name, at.error().message));
    return false;
  }
  order.set(name, base::to_unix_seconds(*at));
  return true;
}

int explain(Talk& talk) {
  const int status = talk.get("/v1/explain?subject=" + net::url_encode(talk.request.subject),
                              [&](auto body) { return show_subject(talk.terminal, body); });
  if (status != exit_done) return status;
  return subject_facts(talk.body).known ? exit_done : exit_negative;
}

int suspend(Talk& talk) {
  JsonValue order = talk.order();
  if (!talk.request.level.empty()) order.set("level", talk.request.level);
  if (!talk.request.span.empty()) order.set("for", talk.request.span);
  order.set("reason", talk.request.reason);
  return talk.post("/v1/suspend", order,
                   [&](auto body) { return show_decision(talk.terminal, body); });
}

// After a no to a release: what to type once the checklist is done.
void tell_checklist(Talk& talk) {
  const auto about =
      talk.client.get("/v1/explain?subject=" + net::url_encode(talk.request.subject));
  if (!about || about->status != 200) return;
  const JsonValue answer = JsonValue::parse(about->body);
  if (!answer.at("restriction").is_object() || answer.at("checklist").empty()) return;
  std::vector<std::string> command = {"leumund", "release", answer.at("subject").text()};
  for (const JsonValue& item : answer.at("checklist")) {
    command.emplace_back("--done");
    command.push_back(item.text() + "=WHO");
  }
  talk.terminal.complain(talk.terminal.say(Phrase::checklist_hint, face::shell_text(command)));
}

int release(Talk& talk) {
  JsonValue order = talk.order();
  JsonValue done = JsonValue::object();
  for (const std::string& item : talk.request.done) {
    const auto equals = item.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == item.size()) {
      return wrong_use(talk.terminal,
                       fmt::format("--done {}: write ITEM=WHO, like password=hans", safe(item)));
    }
    done.set(item.substr(0, equals), item.substr(equals + 1));
  }
  order.set("done", std::move(done));
  if (talk.request.without_checklist) order.set("without_checklist", true);
  if (!talk.request.mail.empty()) order.set("mail", talk.request.mail);
  const int status = talk.post("/v1/release", order,
                               [&](auto body) { return show_decision(talk.terminal, body); });
  if (status == exit_negative && !talk.request.json && !talk.request.without_checklist) {
    tell_checklist(talk);
  }
  return status;
}

int exempt(Talk& talk) {
  JsonValue order = talk.order();
  order.set("off", talk.request.off);
  return talk.post("/v1/exempt", order, [&](std::string_view body) {
    const JsonValue answer = JsonValue::parse(body);
    if (answer.at("decisions").empty())
      talk.terminal.line(talk.terminal.say(Phrase::nothing_changed));
    return show_decisions(talk.terminal, body);
  });
}

int announce(Talk& talk) {
  JsonValue order = talk.order();
  order.set("recipients", talk.request.recipients);
  if (!add_time(talk, order, "from", talk.request.from) ||
      !add_time(talk, order, "until", talk.request.until)) {
    return exit_wrong_use;
  }
  return talk.post("/v1/announce", order,
                   [&](auto body) { return show_decision(talk.terminal, body); });
}

int undo(Talk& talk) {
  JsonValue order = talk.order();
  order.set("number", talk.request.number);
  return talk.post("/v1/undo", order,
                   [&](auto body) { return show_decision(talk.terminal, body); });
}

int unattended(Talk& talk) {
  const auto show = [&](auto body) { return show_unattended(talk.terminal, body); };
  if (talk.request.until.empty() && !talk.request.off) return talk.get("/v1/unattended", show);
  JsonValue order = talk.order();
  if (talk.request.off) order.set("off", true);
  if (!add_time(talk, order, "from", talk.request.from) ||
      !add_time(talk, order, "until", talk.request.until)) {
    return exit_wrong_use;
  }
  return talk.post("/v1/unattended", order, show);
}

int queue(Talk& talk) {
  if (talk.request.queue_work.empty()) {
    return talk.get("/v1/queue?subject=" + net::url_encode(talk.request.subject), [&](auto body) {
      return show_held_mail(talk.terminal, body, talk.request.subject);
    });
  }
  JsonValue order = talk.order();
  order.set("do", talk.request.queue_work);
  const int status = talk.post("/v1/queue", order,
                               [&](auto body) { return show_queue_work(talk.terminal, body); });
  if (status != exit_done) return status;
  return JsonValue::parse(talk.body).at("failed").count() > 0 ? exit_negative : exit_done;
}

// Prints the decisions after `seen` and moves it on.
base::Status print_decisions(Talk& talk, std::uint64_t& seen, std::uint64_t limit) {
  const auto list = talk.client.get(fmt::format("/v1/events?after={}&limit={}", seen, limit));
  if (!list) return list.error();
  if (list->status != 200) {
    return base::Error{base::ErrorCode::unavailable, error_message(list->body)};
  }
  if (talk.request.json) {
    talk.terminal.raw(decision_lines(list->body));
  } else {
    show_decisions(talk.terminal, list->body);
  }
  talk.terminal.flush();
  const JsonValue answer = JsonValue::parse(list->body);
  for (const JsonValue& decision : answer.at("decisions")) {
    seen = std::max(seen, decision.at("number").count());
  }
  return {};
}

int follow(Talk& talk, std::uint64_t seen) {
  base::Status listed;
  const auto ended = talk.client.follow("/v1/stream", [&](auto event, std::string_view data) {
    if (event == "begin") {
      // What was decided between the list and the begin of the stream.
      listed = print_decisions(talk, seen, most_at_once);
      return listed.ok();
    }
    const JsonValue value = JsonValue::parse(data);
    if (event == "missed") {
      talk.terminal.complain(talk.terminal.say(Phrase::missed_some, value.at("missed").count()));
      return true;
    }
    if (event == "decision" && value.at("number").count() <= seen) return true;
    talk.terminal.line(talk.request.json ? std::string(data) : event_line(talk.terminal, data));
    talk.terminal.flush();
    return true;
  });
  if (ended && listed) return exit_done;
  const base::Error& error = ended ? listed.error() : ended.error();
  return tell_unreachable(talk.request, talk.socket, error, talk.terminal);
}

int events(Talk& talk) {
  std::uint64_t seen = talk.request.since.value_or(0);
  if (!talk.request.since) {
    const auto newest = newest_decision(talk.client);
    if (!newest) return tell_unreachable(talk.request, talk.socket, newest.error(), talk.terminal);
    // The journal counts without gaps.
    seen = *newest > talk.request.limit ? *newest - talk.request.limit : 0;
  }
  const std::uint64_t before = seen;
  if (auto listed = print_decisions(talk, seen, talk.request.limit); !listed) {
    return tell_unreachable(talk.request, talk.socket, listed.error(), talk.terminal);
  }
  if (talk.request.follow) return follow(talk, seen);
  if (seen == before && !talk.request.json)
    talk.terminal.line(talk.terminal.say(Phrase::no_decisions));
  return exit_done;
}

int status(Talk& talk) {
  return talk.get("/v1/status", [&](auto body) { return show_status(talk.terminal, body); });
}

int watch_daemon(Talk& talk) {
  return watch(talk.request, talk.client, talk.socket, talk.terminal);
}

int reload(Talk& talk) {
  return talk.post("/v1/reload", JsonValue::object(),
                   [&](auto body) { return show_reload(talk.terminal, body); });
}

const std::map<std::string_view, int (*)(Talk&)> verbs = {
    {"status", status},     {"watch", watch_daemon}, {"explain", explain},
    {"suspend", suspend},   {"release", release},    {"exempt", exempt},
    {"announce", announce}, {"undo", undo},          {"unattended", unattended},
    {"events", events},     {"queue", queue},        {"config reload", reload},
};

}  // namespace

base::Result<std::uint64_t> newest_decision(const face::ApiClient& client) {
  const auto status = client.get("/v1/status?most=0");
  if (!status) return status.error();
  if (status->status != 200) {
    return base::Error{base::ErrorCode::unavailable, error_message(status->body)};
  }
  const std::uint64_t told = last_decision(status->body);
  if (told > 0) return told;
  // Numbers rise, so the newest is where "is there one after it?" turns to no: doubling steps, then
  // halving ones.
  std::uint64_t least = 0;
  std::uint64_t step = 1;
  bool doubling = true;
  while (step > 0) {
    const auto page = client.get(fmt::format("/v1/events?after={}&limit=1", least + step - 1));
    if (!page) return page.error();
    const JsonValue answer = JsonValue::parse(page->body);
    const bool more = !answer.at("decisions").empty();
    if (more) least += step;
    doubling = doubling && more && step < (1ULL << 40);
    step = doubling ? step * 2 : step / 2;
  }
  return least;
}

std::string socket_of(const Request& request) {
  if (!request.socket.empty()) return request.socket;
  if (const char* given = std::getenv("LEUMUND_SOCKET"); given != nullptr && *given != '\0')
    return given;
  const config::Surroundings surroundings = config::Surroundings::of_process();
  const config::Loaded loaded =
      config::load_file(std::string(config::default_file), false, surroundings);
  const std::string& own = loaded.settings.start.control_socket;
  if (loaded.from_file && loaded.problems.empty()) return own;
  // A person in the group of the socket asks the system's daemon, not one of his own.
  const std::string system = "/run/leumund/control";
  std::error_code error;
  return !std::filesystem::exists(own, error) && std::filesystem::exists(system, error) ? system
                                                                                        : own;
}

int tell_unreachable(const Request& request, const std::string& socket, const base::Error& error,
                     Terminal& terminal) {
  if (request.json) {
    JsonValue what = JsonValue::object();
    what.set("code", "unreachable");
    what.set("message", error.message);
    JsonValue answer = JsonValue::object();
    answer.set("error", std::move(what));
    terminal.line(answer.dump());
    return exit_unreachable;
  }
  const bool there = ::access(socket.c_str(), F_OK) == 0;
  terminal.complain(terminal.say(Phrase::daemon_gone, safe(socket),
                                 there ? safe(error.message) : terminal.say(Phrase::no_socket)));
  const bool forbidden = there && ::access(socket.c_str(), W_OK) != 0;
  terminal.complain(terminal.say(forbidden ? Phrase::permission_hint : Phrase::daemon_hint));
  return exit_unreachable;
}

int tell_refusal(const Request& request, const face::ApiAnswer& answer, Terminal& terminal) {
  if (request.json) {
    terminal.line(answer.body);
  } else {
    terminal.complain(error_message(answer.body));
  }
  switch (answer.status) {
    case 400:
    case 405:
    case 413:
    case 414: return exit_wrong_use;
    case 401:
    case 403:
    case 404:
    case 409: return exit_negative;
    default: return exit_unreachable;
  }
}

int ask_daemon(const Request& request, Terminal& terminal) {
  if (!request.subject.empty() && !model::Subject::parse(request.subject)) {
    return wrong_use(terminal, fmt::format("'{}' names no subject: write account:NAME or just NAME",
                                           safe(request.subject.substr(0, 80))));
  }
  if (!request.span.empty() && !base::parse_span(request.span)) {
    return wrong_use(terminal, fmt::format("--for {}: write a span like 90s, 15m, 2h, 3d",
                                           safe(request.span.substr(0, 80))));
  }
  Talk talk(request, terminal);
  return verbs.at(request.verb)(talk);
}

}  // namespace leumund::apps
