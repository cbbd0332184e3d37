// One conversation with the daemon, in the way the request wants it shown.
//
// Flow:    verb -> Talk::get or post -> answer -> text for people or JSON for machines.
// Time:    an answer of the daemon is waited for 30 s.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "apps/command/json.h"
#include "apps/command/verbs.h"

namespace leumund::apps {

// Who gives the order, for the journal.
[[nodiscard]] std::string caller();

class Talk {
 public:
  Talk(const Request& asked, Terminal& shown_on)
      : request(asked),
        terminal(shown_on),
        socket(socket_of(asked)),
        client(socket, std::chrono::seconds(30)) {}

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
  // In the person's language, or in English for machines.
  [[nodiscard]] Language language() const {
    return request.json ? Language::en : terminal.language();
  }
  int wrong_use(const std::string& what) {
    return tell_error(request, terminal, exit_wrong_use, "wrong_use", what);
  }
  // An order that left something undone is no "done"; what it is stands in the answer.
  [[nodiscard]] int status_of_order(int status) const {
    if (status != exit_done) return status;
    return JsonValue::parse(body).at("trouble").text().empty() ? exit_done : exit_negative;
  }

  const Request& request;
  Terminal& terminal;
  std::string socket;
  face::ApiClient client;
  std::string body;  // of the last good answer
};

// The verbs about cases.
int cases(Talk& talk);
int one_case(Talk& talk);

// The verbs about our own lists.
int list_show(Talk& talk);
int list_why(Talk& talk);
int list_add(Talk& talk);
int list_remove(Talk& talk);
int list_export(Talk& talk);

}  // namespace leumund::apps
