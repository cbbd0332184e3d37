#include "apps/command/verbs.h"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "action/sentences.h"
#include "apps/command/json.h"
#include "apps/command/show.h"
#include "apps/command/talk.h"
#include "base/time.h"
#include "config/load.h"
#include "model/sender_name.h"
#include "net/http_client.h"

namespace leumund::apps {

using action::translated;
using action::translated_error;

// Who gives the order, for the journal: behind sudo the person, not root.
std::string caller() {
  if (const char* sudo = std::getenv("SUDO_USER"); sudo != nullptr && *sudo != '\0') return sudo;
  if (const passwd* entry = ::getpwuid(::getuid()); entry != nullptr) return entry->pw_name;
  return "uid" + std::to_string(::getuid());
}

namespace {

constexpr std::uint64_t most_at_once = 1000;  // decisions in one answer

// Adds a point in time the person typed; false when it is none.
bool add_time(Talk& talk, JsonValue& order, const char* name, const std::string& text) {
  if (text.empty()) return true;
  const auto at = parse_when(text, base::system_now());
  if (!at) {
    talk.wrong_use(
        say(talk.language(), "bad_time", name, translated(talk.language(), at.error().message)));
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

// What to type once the checklist is done.
void tell_checklist(Talk& talk, Phrase hint) {
  const auto about =
      talk.client.get("/v1/explain?subject=" + net::url_encode(talk.request.subject));
  if (!about || about->status != 200) return;
  const JsonValue answer = JsonValue::parse(about->body);
  if (!answer.at("restriction").is_object()) return;
  talk.terminal.hint(talk.terminal.say(hint, release_command(answer)));
  if (!answer.at("checklist").empty()) talk.terminal.hint(talk.terminal.say("who_hint"));
}

int suspend(Talk& talk) {
  JsonValue order = talk.order();
  if (!talk.request.level.empty()) order.set("level", talk.request.level);
  if (!talk.request.span.empty()) order.set("for", talk.request.span);
  order.set("reason", talk.request.reason);
  int status = talk.post("/v1/suspend", order,
                         [&](auto body) { return show_decision(talk.terminal, body); });
  status = talk.status_of_order(status);
  if (!talk.request.json && !talk.body.empty()) tell_checklist(talk, "release_hint");
  return status;
}

int release(Talk& talk) {
  JsonValue order = talk.order();
  JsonValue done = JsonValue::object();
  for (const std::string& item : talk.request.done) {
    const auto equals = item.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == item.size()) {
      return talk.wrong_use(say(talk.language(), "bad_done", safe(item.substr(0, 80))));
    }
    done.set(item.substr(0, equals), item.substr(equals + 1));
  }
  order.set("done", std::move(done));
  if (talk.request.without_checklist) order.set("without_checklist", true);
  if (!talk.request.mail.empty()) order.set("mail", talk.request.mail);
  const int answered = talk.post("/v1/release", order, [&](auto body) {
    return show_decision(talk.terminal, body, talk.request.mail);
  });
  const int status = talk.status_of_order(answered);
  if (answered == exit_negative && !talk.request.json && !talk.request.without_checklist) {
    tell_checklist(talk, "checklist_hint");
  }
  return status;
}

int exempt(Talk& talk) {
  JsonValue order = talk.order();
  order.set("off", talk.request.off);
  return talk.post("/v1/exempt", order, [&](std::string_view body) {
    const JsonValue answer = JsonValue::parse(body);
    if (answer.at("decisions").empty()) talk.terminal.line(talk.terminal.say("nothing_changed"));
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
  const int status =
      talk.post("/v1/undo", order, [&](auto body) { return show_decision(talk.terminal, body); });
  return talk.status_of_order(status);
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
  const int status = talk.post("/v1/queue", order, [&](auto body) {
    return show_queue_work(talk.terminal, body, talk.request.queue_work);
  });
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
      talk.terminal.complain(talk.terminal.say("missed_some", value.at("missed").count()));
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
    const auto before = before_newest(talk.client, talk.request.limit);
    if (!before) return tell_unreachable(talk.request, talk.socket, before.error(), talk.terminal);
    seen = *before;
  }
  const std::uint64_t before = seen;
  if (auto listed = print_decisions(talk, seen, talk.request.limit); !listed) {
    return tell_unreachable(talk.request, talk.socket, listed.error(), talk.terminal);
  }
  if (talk.request.follow) return follow(talk, seen);
  if (seen == before && !talk.request.json) talk.terminal.line(talk.terminal.say("no_decisions"));
  return exit_done;
}

int status(Talk& talk) {
  const int answered =
      talk.get("/v1/status?most=1000", [&](auto body) { return show_status(talk.terminal, body); });
  if (answered != exit_done) return answered;
  const JsonValue told = JsonValue::parse(talk.body);
  for (const JsonValue& part : told.at("parts")) {
    if (!part.at("well").flag()) return exit_negative;
  }
  return answered;
}

int watch_daemon(Talk& talk) {
  return watch(talk.request, talk.client, talk.socket, talk.terminal);
}

int reload(Talk& talk) {
  return talk.post("/v1/reload", JsonValue::object(),
                   [&](auto body) { return show_reload(talk.terminal, body); });
}

int block_matrix(Talk& talk) {
  return talk.get("/v1/block-matrix",
                  [&](auto body) { return show_block_matrix(talk.terminal, body); });
}

int detour(Talk& talk) {
  const Request& request = talk.request;
  const bool order = request.end || !request.via.empty();
  if (order == request.provider.empty() || (!order && !request.pool.empty())) {
    return talk.wrong_use(say(talk.language(), "detour_use"));
  }
  if (!order) {
    return talk.get("/v1/detours", [&](auto body) { return show_detours(talk.terminal, body); });
  }
  JsonValue body = talk.order();
  body.set("provider", request.provider);
  if (!request.pool.empty()) body.set("pool", request.pool);
  if (request.end) {
    body.set("end", true);
  } else {
    body.set("via", request.via);
  }
  return talk.post("/v1/detours", body,
                   [&](auto answer) { return show_detour(talk.terminal, answer); });
}

// For machines each of the two is a question of its own.
int lists(Talk& talk) {
  const int status =
      talk.get("/v1/lists", [&](auto body) { return show_lists(talk.terminal, body); });
  if (status != exit_done || talk.request.json) return status;
  return talk.get("/v1/provider-reports",
                  [&](auto body) { return show_provider_reports(talk.terminal, body); });
}

// The answer "listed" is a no, as of grep.
int look_up(Talk& talk) {
  const int status = talk.get("/v1/lookup?subject=" + net::url_encode(talk.request.subject),
                              [&](auto body) { return show_lookup(talk.terminal, body); });
  if (status != exit_done) return status;
  return JsonValue::parse(talk.body).at("listed").count() == 0 ? exit_done : exit_negative;
}

// A fault is a no, as of grep.
int hygiene(Talk& talk) {
  const auto show = [&](auto body) { return show_hygiene(talk.terminal, body); };
  int status = exit_done;
  if (talk.request.now) {
    JsonValue order = JsonValue::object();
    if (!talk.request.subject.empty()) order.set("place", talk.request.subject);
    status = talk.post("/v1/hygiene", order, show);
  } else {
    const std::string& place = talk.request.subject;
    status =
        talk.get("/v1/hygiene" + (place.empty() ? "" : "?place=" + net::url_encode(place)), show);
  }
  if (status != exit_done) return status;
  return JsonValue::parse(talk.body).at("faults").count() == 0 ? exit_done : exit_negative;
}

int screening(Talk& talk) {
  return talk.get("/v1/screening", [&](auto body) { return show_screening(talk.terminal, body); });
}

const std::map<std::string_view, int (*)(Talk&)> verbs = {
    {"block-matrix", block_matrix},
    {"case", one_case},
    {"cases", cases},
    {"detour", detour},
    {"hygiene", hygiene},
    {"lists", lists},
    {"list show", list_show},
    {"list why", list_why},
    {"list add", list_add},
    {"list remove", list_remove},
    {"list export", list_export},
    {"lookup", look_up},
    {"screening", screening},
    {"status", status},
    {"watch", watch_daemon},
    {"explain", explain},
    {"suspend", suspend},
    {"release", release},
    {"exempt", exempt},
    {"announce", announce},
    {"undo", undo},
    {"unattended", unattended},
    {"events", events},
    {"queue", queue},
    {"config reload", reload},
};

const std::set<std::string_view> subject_verbs = {"explain", "suspend",  "release",
                                                  "exempt",  "announce", "queue"};

}  // namespace

namespace {

// The number of the newest decision or one that was skipped behind it; 0 if there is none.
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

// The numbers of all decisions after this one.
base::Result<std::vector<std::uint64_t>> decisions_after(const face::ApiClient& client,
                                                         std::uint64_t after) {
  std::vector<std::uint64_t> numbers;
  for (;;) {
    const auto page = client.get(fmt::format("/v1/events?after={}&limit={}", after, most_at_once));
    if (!page) return page.error();
    const JsonValue answer = JsonValue::parse(page->body);
    const JsonValue& decisions = answer.at("decisions");
    for (const JsonValue& decision : decisions) numbers.push_back(decision.at("number").count());
    if (decisions.size() < most_at_once || numbers.back() <= after) return numbers;
    after = numbers.back();
  }
}

}  // namespace

base::Result<std::uint64_t> before_newest(const face::ApiClient& client, std::uint64_t most) {
  const auto newest = newest_decision(client);
  if (!newest || most == 0) return newest;
  // Numbers are skipped after a crash, so the last `most` numbers may hold fewer decisions.
  for (std::uint64_t window = most;; window *= 2) {
    const std::uint64_t begin = *newest > window ? *newest - window : 0;
    const auto numbers = decisions_after(client, begin);
    if (!numbers) return numbers.error();
    if (numbers->size() > most) return (*numbers)[numbers->size() - most - 1];
    if (numbers->size() == most || begin == 0) return begin;
  }
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

int tell_error(const Request& request, Terminal& terminal, int status, std::string_view code,
               const std::string& message) {
  if (request.json) {
    terminal.line(error_json(code, message));
  } else {
    terminal.complain(message);
  }
  return status;
}

int tell_own_error(const Request& request, Terminal& terminal, int status,
                   const base::Error& error) {
  const Language language = request.json ? Language::en : terminal.language();
  return tell_error(request, terminal, status, base::error_code_name(error.code),
                    safe(translated_error(language, error.message)));
}

int tell_unreachable(const Request& request, const std::string& socket, const base::Error& error,
                     Terminal& terminal) {
  const Language language = request.json ? Language::en : terminal.language();
  const bool there = ::access(socket.c_str(), F_OK) == 0;
  const bool forbidden = there && ::access(socket.c_str(), W_OK) != 0;
  // A daemon that hangs has the order already and carries it out when it goes on.
  const bool hangs = there && error.code == base::ErrorCode::timed_out;
  std::string why = error.message;
  if (const std::string again = "no reply from unix:" + socket + ": "; why.starts_with(again))
    why.erase(0, again.size());
  const std::string what =
      say(language, "daemon_gone", safe(socket),
          there ? safe(translated(language, why)) : say(language, "no_socket"));
  const std::string hint = say(language, forbidden ? Phrase("permission_hint")
                                         : hangs   ? Phrase("daemon_hangs_hint")
                                                   : Phrase("daemon_hint"));
  if (request.json) {
    return tell_error(request, terminal, exit_unreachable, "unreachable", what + ". " + hint);
  }
  terminal.complain(what);
  terminal.hint(hint);
  return exit_unreachable;
}

int tell_refusal(const Request& request, const face::ApiAnswer& answer, Terminal& terminal) {
  int status = exit_unreachable;
  switch (answer.status) {
    case 400:
    case 405:
    case 413:
    case 414: status = exit_wrong_use; break;
    case 401:
    case 403:
    case 404:
    case 409: status = exit_negative; break;
    default: break;
  }
  const std::string message = error_message(answer.body);
  if (!request.json) {
    return tell_error(request, terminal, status, "",
                      translated_error(terminal.language(), message));
  }
  // The Api's own error goes on as it is; what the server below it says gets the same shape.
  const JsonValue body = JsonValue::parse(answer.body);
  const std::string code = body.at("error").at("code").text();
  return tell_error(request, terminal, status, code.empty() ? "refused" : code, message);
}

int ask_daemon(const Request& request, Terminal& terminal) {
  Talk talk(request, terminal);
  const bool about_subject = subject_verbs.contains(request.verb);
  const bool restricts = request.verb == "suspend" || request.verb == "exempt";
  if (about_subject) {
    const auto read =
        restricts ? model::read_sender(request.subject) : model::read_subject(request.subject);
    if (!read) return talk.wrong_use(translated(talk.language(), read.error().message));
  }
  if (!request.span.empty() && !base::parse_span(request.span)) {
    return talk.wrong_use(say(talk.language(), "bad_span", safe(request.span.substr(0, 80))));
  }
  return verbs.at(request.verb)(talk);
}

}  // namespace leumund::apps
