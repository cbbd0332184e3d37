#include "face/postfix_plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "face/postfix_earlier.h"
#include "face/postfix_master.h"
#include "face/postfix_restrictions.h"

namespace leumund::face {
namespace {

using Elements = std::vector<std::string>;

constexpr const char* recipient_list = "smtpd_recipient_restrictions";
constexpr const char* end_of_data_list = "smtpd_end_of_data_restrictions";
constexpr const char* class_list = "smtpd_restriction_classes";
constexpr const char* submit_list = "authorized_submit_users";
constexpr const char* transport_list = "transport_maps";
constexpr const char* sender_transport_list = "sender_dependent_default_transport_maps";
constexpr const char* status_filter = "smtp_delivery_status_filter";
// master.cf takes no white space in a value, so services name these instead of our elements.
constexpr const char* recipient_checks = "leumund_recipient_checks";
constexpr const char* end_of_data_checks = "leumund_end_of_data_checks";
constexpr const char* smtpd_milters = "smtpd_milters";
constexpr const char* local_milters = "non_smtpd_milters";
constexpr const char* milter_definition = "leumund_milter";

std::string join(const Elements& elements, std::string_view separator) {
  std::string out;
  for (const std::string& element : elements) {
    if (!out.empty()) out += separator;
    out += element;
  }
  return out;
}

// A listener that takes mail back from a content filter: that mail was judged when it first came.
bool takes_back_filtered_mail(const PostfixService& service) {
  const auto filter = service.overrides.find("content_filter");
  const auto list = service.overrides.find(recipient_list);
  const bool loopback = service.key.starts_with("127.") || service.key.starts_with("[::1]") ||
                        service.key.starts_with("localhost:");
  return loopback && filter != service.overrides.end() && filter->second.empty() &&
         list != service.overrides.end() &&
         list->second.find("permit_sasl_authenticated") == std::string::npos;
}

// Whether some value that stands after `changes` still names the definition.
bool still_named(const PostfixView& view, const std::vector<PostfixChange>& changes,
                 const std::string& definition) {
  const auto names = [&](const std::string& service, const std::string& parameter,
                         const std::string& value) {
    const auto change = std::find_if(changes.begin(), changes.end(), [&](const PostfixChange& one) {
      return one.service == service && one.parameter == parameter;
    });
    const std::string& stands = change == changes.end() ? value : change->after.value_or("");
    for (const ListToken& token : list_tokens(stands)) {
      if (token.text == "$" + definition || token.text == "${" + definition + "}" ||
          token.text == definition) {
        return true;
      }
    }
    return false;
  };
  for (const auto& [parameter, value] : view.main) {
    if (parameter != definition && names("", parameter, value)) return true;
  }
  for (const PostfixService& service : view.services) {
    for (const auto& [parameter, value] : service.overrides) {
      if (names(service.key, parameter, value)) return true;
    }
  }
  return false;
}

// Collects changes against what is set, knowing what an earlier connect did.
class Planner {
 public:
  Planner(const PostfixView& view, const std::vector<PostfixChange>& recorded)
      : view_(view), recorded_(recorded) {}

  // What a connect that is not recorded here put there goes, as soon as some of it is not wanted:
  // a second set of tables would stand beside the old one, and before the question.
  void look_for_earlier(const std::string& wanted) {
    if (!view_.main.contains(std::string(config::hold_class))) return;
    for (const std::string& parameter : planned_parameters()) {
      const auto rest = original("", parameter, current("", parameter));
      for (std::string& element : earlier_elements(rest.value_or(""))) {
        const bool known = std::find(earlier_.begin(), earlier_.end(), element) != earlier_.end();
        if (!known && !contains_element(wanted, element)) earlier_.push_back(std::move(element));
      }
    }
  }

  // A list that gets nothing of ours now.
  void leave_without(const std::string& parameter) { without_.push_back(parameter); }

  // A parameter that is ours altogether.
  void define(const std::string& parameter, std::string value) {
    wanted_.push_back({"", parameter, std::nullopt, std::move(value), {}});
  }

  // Our elements before whatever main.cf says, or its default.
  void prepend_in_main(const std::string& parameter, const Elements& elements) {
    const auto now = before_us("", parameter);
    const auto base = now ? *now : default_of(parameter);
    wanted_.push_back({"", parameter, now, put_first(elements, base), elements});
  }

  // The same in a service that overrides the parameter; false where it does not.
  bool prepend_in_service(const PostfixService& service, const std::string& parameter,
                          const Elements& elements) {
    const auto now = before_us(service.key, parameter);
    if (!now) return false;
    const CompactList rest = compact_list(*now);
    std::string tail = rest.text;
    if (!rest.fits) {
      const std::string kept = fmt::format("leumund_kept_{}_{}", kept_name(service.key), parameter);
      define(kept, *now);
      tail = "$" + kept;
    }
    wanted_.push_back({service.key, parameter, now, put_first(elements, tail, ","), elements});
    return true;
  }

  // Keeps a service as it was although main.cf changes below it.
  void keep_in_service(const PostfixService& service, const std::string& parameter) {
    const auto now = before_us(service.key, parameter);
    if (now) return;
    const auto base = before_us("", parameter);
    const CompactList before = compact_list(base ? *base : default_of(parameter));
    if (!before.fits) return;
    wanted_.push_back({service.key, parameter, std::nullopt, before.text, {}});
  }

  // A transport of its own for an egress; false where the admin has one of that name.
  bool add_client(const config::Egress& egress) {
    PostfixService client{egress.name + "/unix", false, {{"syslog_name", egress.syslog_name}}};
    for (const auto& address : egress.addresses) {
      client.overrides[address.is_v4() ? "smtp_bind_address" : "smtp_bind_address6"] =
          address.to_string();
    }
    if (!egress.helo.empty()) client.overrides["smtp_helo_name"] = egress.helo;
    const auto now = original(client.key, "", current(client.key, ""));
    if (now && (earlier_.empty() || *now != client_entry(client))) return false;
    wanted_.push_back({client.key, "", std::nullopt, client_entry(client), {}});
    return true;
  }

  PostfixPlan finish() {
    PostfixPlan plan;
    for (PostfixChange& change : wanted_) {
      const auto now = current(change.service, change.parameter);
      if (now != change.after) {
        PostfixChange step = change;
        step.before = now;
        plan.changes.push_back(std::move(step));
      }
      plan.record.push_back(change);
    }
    // What an earlier connect set and this one does not want any more.
    for (const PostfixChange& old : recorded_) {
      const bool still = std::any_of(wanted_.begin(), wanted_.end(), [&](const PostfixChange& one) {
        return one.service == old.service && one.parameter == old.parameter;
      });
      if (!still) take_back(old, plan);
    }
    for (const std::string& parameter : without_) {
      const bool known = std::any_of(recorded_.begin(), recorded_.end(), [&](const auto& old) {
        return old.service.empty() && old.parameter == parameter;
      });
      const auto now = current("", parameter);
      const auto after = before_us("", parameter);
      if (!known && now != after) plan.changes.push_back({"", parameter, now, after, {}});
    }
    plan.replaces_earlier = !earlier_.empty();
    if (plan.replaces_earlier) {
      plan.remarks.push_back(
          fmt::format("an earlier connect with another folder or address is replaced: {}",
                      join(earlier_, ", ")));
    }
    return plan;
  }

  // Undoes one recorded change in `plan`, as far as it still stands.
  void take_back(const PostfixChange& old, PostfixPlan& plan) const {
    const auto now = current(old.service, old.parameter);
    if (!now) return;
    auto after = before_us(old.service, old.parameter);
    if (after == now) return;
    if (now != old.after) {
      plan.remarks.push_back(fmt::format("{}{} was changed since; only our part is taken out",
                                         old.service.empty() ? "" : old.service + "/",
                                         old.parameter));
    }
    plan.changes.push_back({old.service, old.parameter, now, std::move(after), old.elements});
  }

  [[nodiscard]] std::optional<std::string> current(const std::string& service,
                                                   const std::string& parameter) const {
    return current_value(view_, service, parameter);
  }

 private:
  // The value without what an earlier connect put there.
  [[nodiscard]] std::optional<std::string> original(const std::string& service,
                                                    const std::string& parameter,
                                                    const std::optional<std::string>& now) const {
    const auto old =
        std::find_if(recorded_.begin(), recorded_.end(), [&](const PostfixChange& one) {
          return one.service == service && one.parameter == parameter;
        });
    if (old == recorded_.end() || !now) return now;
    if (now == old->after) return old->before;
    if (old->elements.empty()) {
      // Ours altogether; a definition of ours goes, a kept override that was edited stays.
      return service.empty() ? std::nullopt : now;
    }
    std::string rest = take_out(old->elements, *now);
    const bool ours_only = list_tokens(rest).empty() && !old->before;
    // Where nothing was set, main.cf's default stood behind our elements.
    if (ours_only || (!old->before && rest == default_of(parameter))) return std::nullopt;
    return rest;
  }

  // The value without ours, recorded or not.
  [[nodiscard]] std::optional<std::string> before_us(const std::string& service,
                                                     const std::string& parameter) const {
    auto now = original(service, parameter, current(service, parameter));
    if (!now || earlier_.empty()) return now;
    const auto ours = earlier_elements(*now);
    if (ours.empty()) return now;
    std::string rest = take_out(ours, *now);
    if (rest.starts_with("$leumund_kept_")) {
      const auto kept = view_.main.find(rest.substr(1));
      if (kept != view_.main.end()) rest = kept->second;
    }
    const bool nothing_left = list_tokens(rest).empty() || rest == default_of(parameter);
    if (service.empty() && nothing_left) return std::nullopt;
    return rest;
  }

  [[nodiscard]] std::string default_of(const std::string& parameter) const {
    const auto found = view_.defaults.find(parameter);
    return found == view_.defaults.end() ? "" : found->second;
  }

  static std::string kept_name(const std::string& key) {
    std::string out;
    for (const char c : key) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      out += plain ? c : '_';
    }
    return out;
  }

  const PostfixView& view_;
  const std::vector<PostfixChange>& recorded_;
  std::vector<PostfixChange> wanted_;
  Elements earlier_;  // what is not wanted of it
  Elements without_;
};

// Our checks as services name them. Defined only where one does: Postfix warns of a parameter that
// nothing refers to.
struct NamedChecks {
  std::string recipient;
  std::string end_of_data;
  std::string milter;  // "" for none
};

void plan_services(const PostfixView& view, Planner& planner, const Elements& classes,
                   const NamedChecks& checks, PostfixPlan& notes) {
  bool at_recipient = false;
  bool at_end_of_data = false;
  bool at_milter = false;
  for (const PostfixService& service : view.services) {
    if (takes_back_filtered_mail(service)) {
      notes.remarks.push_back(fmt::format(
          "{} takes mail back from a content filter and is left out: that mail was judged when it "
          "first came in",
          service.key));
      planner.keep_in_service(service, end_of_data_list);
      if (!checks.milter.empty()) planner.keep_in_service(service, smtpd_milters);
      continue;
    }
    planner.prepend_in_service(service, class_list, classes);
    at_recipient |=
        planner.prepend_in_service(service, recipient_list, {std::string("$") + recipient_checks});
    at_end_of_data |= planner.prepend_in_service(service, end_of_data_list,
                                                 {std::string("$") + end_of_data_checks});
    at_milter |=
        !checks.milter.empty() &&
        planner.prepend_in_service(service, smtpd_milters, {std::string("$") + milter_definition});
  }
  if (at_recipient) planner.define(recipient_checks, checks.recipient);
  if (at_end_of_data) planner.define(end_of_data_checks, checks.end_of_data);
  if (at_milter) planner.define(milter_definition, checks.milter);
}

void plan_clients(Planner& planner, const PostfixWish& wish, PostfixPlan& notes) {
  for (const config::Egress& egress : wish.egresses) {
    if (egress.name == config::usual_egress || planner.add_client(egress)) continue;
    notes.remarks.push_back(
        fmt::format("master.cf has a transport {} of its own, which is left as it is: the egress "
                    "is told by its syslog_name",
                    egress.name));
  }
}

}  // namespace

std::optional<std::string> current_value(const PostfixView& view, const std::string& service,
                                         const std::string& parameter) {
  const std::map<std::string, std::string>* set = &view.main;
  if (!service.empty() && parameter.empty()) {
    const auto found = std::find_if(view.clients.begin(), view.clients.end(),
                                    [&](const PostfixService& one) { return one.key == service; });
    return found == view.clients.end() ? std::nullopt : std::optional(client_entry(*found));
  }
  if (!service.empty()) {
    const auto found = std::find_if(view.services.begin(), view.services.end(),
                                    [&](const PostfixService& one) { return one.key == service; });
    if (found == view.services.end()) return std::nullopt;
    set = &found->overrides;
  }
  const auto found = set->find(parameter);
  return found == set->end() ? std::nullopt : std::optional(found->second);
}

std::string client_entry(const PostfixService& client) {
  std::string out = client.key.substr(0, client.key.find('/')) + " unix - - n - - smtp";
  for (const auto& [parameter, value] : client.overrides) {
    out += fmt::format(" -o {}={}", parameter, value);
  }
  return out;
}

std::vector<std::string> planned_parameters() {
  return {recipient_list, end_of_data_list,      class_list,
          submit_list,    smtpd_milters,         local_milters,
          transport_list, sender_transport_list, status_filter};
}

PostfixPlan plan_connect(const PostfixView& view, const PostfixWish& wish,
                         const std::vector<PostfixChange>& recorded) {
  const config::PostfixFiles& files = wish.files;
  const std::string policy =
      fmt::format("check_policy_service {{ {}, timeout=2s, try_limit=1, default_action=DUNNO }}",
                  wish.policy_service);
  // The question comes first, so that attempts are counted even of a suspended account; the tables
  // stand behind it for when nobody answers.
  const Elements at_recipient = {policy, "check_sasl_access " + files.accounts,
                                 "check_sender_access " + files.senders};
  Elements at_submit = {"!" + files.users};
  Elements transports;
  Elements by_sender;
  Elements filters;
  if (wish.detours) {
    const auto table = [&](const std::string& file, std::string_view map) {
      return wish.socketmap.empty() ? file : fmt::format("socketmap:{}:{}", wish.socketmap, map);
    };
    transports = {table(files.detours, config::detours_map)};
    by_sender = {table(files.sender_ways, config::sender_ways_map)};
    filters = {files.own_refusals};
  }
  std::string milter;
  if (!wish.milter_service.empty()) {
    // Before the others: what it holds or refuses nobody needs to sign or scan.
    milter = fmt::format(
        "{{ {}, connect_timeout=2s, command_timeout=2s, content_timeout=10s, "
        "default_action=accept }}",
        wish.milter_service);
  }
  const Elements milters = milter.empty() ? Elements() : Elements{milter};
  Elements classes;
  auto definitions = config::restriction_classes(files, wish.contact);
  for (const auto& [name, value] : definitions) classes.push_back(name);
  const std::vector<std::pair<const char*, Elements>> lists = {
      {class_list, classes},    {recipient_list, at_recipient}, {end_of_data_list, {policy}},
      {submit_list, at_submit}, {transport_list, transports},   {sender_transport_list, by_sender},
      {status_filter, filters}, {smtpd_milters, milters},       {local_milters, milters}};

  Planner planner(view, recorded);
  std::string all;
  for (const auto& [parameter, elements] : lists) all += join(elements, ", ") + ", ";
  planner.look_for_earlier(all);
  for (auto& [name, value] : definitions) planner.define(name, std::move(value));
  for (const auto& [parameter, elements] : lists) {
    if (elements.empty()) {
      planner.leave_without(parameter);
    } else {
      planner.prepend_in_main(parameter, elements);
    }
  }

  PostfixPlan notes;
  plan_services(view, planner, classes, {join(at_recipient, ", "), policy, milter}, notes);
  plan_clients(planner, wish, notes);
  PostfixPlan plan = planner.finish();
  plan.remarks.insert(plan.remarks.begin(), notes.remarks.begin(), notes.remarks.end());
  if (view.services.empty()) {
    plan.problems.emplace_back("master.cf has no smtpd service: is this the right folder?");
  }
  return plan;
}

PostfixPlan plan_disconnect(const PostfixView& view, const std::vector<PostfixChange>& recorded) {
  PostfixPlan plan;
  const Planner planner(view, recorded);
  for (const PostfixChange& old : recorded) planner.take_back(old, plan);
  // A definition that the admin has come to use himself must not go from under him.
  std::erase_if(plan.changes, [&](const PostfixChange& change) {
    const bool definition = change.service.empty() && change.elements.empty();
    if (!definition || !still_named(view, plan.changes, change.parameter)) return false;
    plan.remarks.push_back(change.parameter + " stays: something else names it");
    return true;
  });
  return plan;
}

std::vector<std::vector<std::string>> postconf_commands(const std::vector<PostfixChange>& changes) {
  Elements set_main = {"-e"};
  Elements unset_main = {"-X"};
  Elements set_service = {"-P", "-e"};
  Elements unset_service = {"-P", "-X"};
  bool definitions_go = false;
  for (const PostfixChange& change : changes) {
    const bool main = change.service.empty();
    if (change.parameter.empty()) continue;  // a whole entry: see postfix_master.h
    if (!main && change.after && has_white_space(*change.after)) continue;  // postconf refuses it
    const std::string name = main ? change.parameter : change.service + "/" + change.parameter;
    if (change.after) {
      (main ? set_main : set_service).push_back(fmt::format("{}={}", name, *change.after));
    } else {
      (main ? unset_main : unset_service).push_back(name);
      definitions_go = definitions_go || main;
    }
  }
  // A definition comes before its use and goes after it.
  std::vector<Elements> order = {set_main, set_service, unset_service, unset_main};
  if (definitions_go) order = {set_service, unset_service, set_main, unset_main};
  std::vector<Elements> commands;
  for (Elements& command : order) {
    const std::size_t options = command.front() == "-P" ? 2 : 1;
    if (command.size() > options) commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace leumund::face
