// What must change in a Postfix so that it asks us and keeps suspended senders out; and the way
// back.
//
// Flow:    postconf's output -> PostfixView -> plan_connect or plan_disconnect -> changes ->
//          postfix_connect.h carries them out.
// Threads: any; pure functions.
// Errors:  `problems` say why a plan must not be carried out; `remarks` what a person should know.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/egress.h"
#include "config/postfix_files.h"

namespace leumund::face {

// One smtpd of master.cf with the parameters it overrides by -o.
struct PostfixService {
  std::string key;  // "127.0.0.1:587/inet", as `postconf -P` writes it
  bool chroot = false;
  std::map<std::string, std::string> overrides;
};

struct PostfixView {
  std::map<std::string, std::string> main;      // what main.cf sets
  std::map<std::string, std::string> defaults;  // of the parameters we change
  std::vector<PostfixService> services;
  std::vector<PostfixService> clients;  // smtp(8), by which mail leaves
};

// What main.cf (service "") or a service sets; nothing when it does not. Parameter "" is a whole
// entry of master.cf, as client_entry() writes it.
[[nodiscard]] std::optional<std::string> current_value(const PostfixView& view,
                                                       const std::string& service,
                                                       const std::string& parameter);

// The parameters of main.cf whose defaults a plan needs.
[[nodiscard]] std::vector<std::string> planned_parameters();

// The entry of an outgoing transport, "out2 unix - - n - - smtp -o syslog_name=postfix/out2 ...".
[[nodiscard]] std::string client_entry(const PostfixService& client);

struct PostfixWish {
  std::string policy_service;  // "inet:127.0.0.1:10040"
  std::string milter_service;  // "inet:127.0.0.1:10041"; "" leaves the milters as they are
  config::PostfixFiles files;
  std::string contact;                        // in the refusal text; may be ""
  std::vector<config::Egress> egresses = {};  // each gets a transport of its own
  std::string socketmap =
      {};                // "inet:127.0.0.1:10045": detours are asked for there, not in the table
  bool detours = false;  // Postfix looks for detours, and defers refusals of our own addresses
};

struct PostfixChange {
  std::string service;  // "" for main.cf, else PostfixService::key
  std::string parameter;
  std::optional<std::string> before;  // nothing: not set
  std::optional<std::string> after;   // nothing: removed
  std::vector<std::string> elements;  // ours in `after`; empty: the whole parameter is ours

  bool operator==(const PostfixChange&) const = default;
};

struct PostfixPlan {
  std::vector<PostfixChange> changes;  // what is to be done now; empty: all is as wanted
  std::vector<PostfixChange> record;   // what disconnect will have to take back in the end
  std::vector<std::string> remarks;
  std::vector<std::string> problems;
  bool replaces_earlier = false;  // of a connect that is not recorded here
};

// `recorded` is what an earlier connect left to take back; empty the first time.
[[nodiscard]] PostfixPlan plan_connect(const PostfixView& view, const PostfixWish& wish,
                                       const std::vector<PostfixChange>& recorded);
[[nodiscard]] PostfixPlan plan_disconnect(const PostfixView& view,
                                          const std::vector<PostfixChange>& recorded);

// The postconf commands of a plan, in the order in which they are run: arguments after
// "postconf -c FOLDER". Overrides with white space in their value are not among them, which
// postconf refuses to write, nor whole entries of master.cf (see postfix_master.h).
[[nodiscard]] std::vector<std::vector<std::string>> postconf_commands(
    const std::vector<PostfixChange>& changes);

}  // namespace leumund::face
