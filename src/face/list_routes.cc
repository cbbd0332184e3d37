#include "face/list_routes.h"

#include <utility>

#include "face/list_control.h"
#include "face/list_json.h"

namespace leumund::face {
namespace {

using base::ErrorCode;

constexpr std::uint64_t listings_max = 100'000;
constexpr std::uint64_t listings_default = 100;
constexpr std::uint64_t history_max = 1000;
constexpr std::uint64_t history_default = 50;
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t subject_bytes_max = 320;
constexpr std::size_t reason_bytes_max = 500;

Reply no_list() {
  return error_reply({ErrorCode::unavailable, "there is no list of our own: see list.zones"}, true);
}

Reply json_reply(std::string body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}

Reply show(RouteCall& call) {
  const auto most = call.fields.count("most", listings_max).value_or(listings_default);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  ListControl* lists = call.control.own_lists();
  return json_reply(list_report_json(lists == nullptr ? ListReport() : lists->list_report(most)));
}

// An address or network, else a name; whether a list takes that is the list's to say.
void read_subject(RouteCall& call, ListOrder& order) {
  order.name = call.fields.text("network", subject_bytes_max).value_or("");
  if (order.name.empty()) call.fields.wrong("network is missing: an address, network or name");
  const auto what = base::IpPrefix::parse(order.name);
  if (!what) return;
  order.what = {what->address.masked(what->bits, what->bits), what->bits};
  order.name.clear();
}

Reply why_reply(ListControl& lists, const std::string& subject, std::size_t most) {
  if (const auto what = base::IpPrefix::parse(subject)) {
    const bool whole = !subject.contains('/');
    return json_reply(list_why_json(whole ? what->address.to_string() : what->to_string(),
                                    lists.list_why(*what, most), true));
  }
  const auto known = lists.name_why(subject, most);
  if (!known.empty()) return json_reply(name_why_json(subject, known, true));
  return error_reply(
      {ErrorCode::malformed,
       "that is no address or network, like 192.0.2.1, and no name that one of our lists takes"},
      false);
}

Reply why(RouteCall& call) {
  const std::string subject = call.fields.text("address", subject_bytes_max).value_or("");
  if (subject.empty()) call.fields.wrong("address is missing, like 192.0.2.1 or example.org");
  const auto most = call.fields.count("most", history_max).value_or(history_default);
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  ListControl* lists = call.control.own_lists();
  if (lists == nullptr) return no_list();
  return why_reply(*lists, subject, most);
}

Reply export_list(RouteCall& call) {
  const std::string list = call.fields.text("list", name_bytes_max).value_or("");
  const bool ipv6 = call.fields.flag("ipv6");
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  ListControl* lists = call.control.own_lists();
  if (lists == nullptr) return no_list();
  auto text = lists->list_export(list, ipv6);
  if (!text) return error_reply(text.error(), true);
  Reply reply;
  reply.content_type = "text/plain";
  reply.body = std::move(*text);
  return reply;
}

ListOrder order_of(RouteCall& call) {
  ListOrder order;
  order.list = call.fields.text("list", name_bytes_max).value_or("");
  read_subject(call, order);
  order.reason = call.fields.text("reason", reason_bytes_max).value_or("");
  if (order.reason.empty()) call.fields.wrong("reason is missing: the address's history tells it");
  const auto name = call.fields.text("by", 100);
  order.by = std::string(call.by) + (name && !name->empty() ? " " + *name : "");
  return order;
}

Reply done(const ListOrder& order, ListControl& lists, const base::Status& status) {
  if (!status) return error_reply(status.error(), true);
  return why_reply(lists, order.name.empty() ? order.what.to_string() : order.name, 1);
}

Reply add(RouteCall& call) {
  ListOrder order = order_of(call);
  order.span = call.fields.span("for");
  order.force = call.fields.flag("force");
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  ListControl* lists = call.control.own_lists();
  if (lists == nullptr) return no_list();
  return done(order, *lists, lists->list_add(order));
}

Reply remove(RouteCall& call) {
  ListOrder order = order_of(call);
  order.reports_were_wrong = call.fields.flag("wrong_reports");
  if (auto fine = call.fields.problem(); !fine) return error_reply(fine.error(), false);
  ListControl* lists = call.control.own_lists();
  if (lists == nullptr) return no_list();
  return done(order, *lists, lists->list_remove(order));
}

Reply reports(RouteCall& call) {
  ListControl* lists = call.control.own_lists();
  if (lists == nullptr) return no_list();
  const auto taken = lists->take_reports(call.body);
  return taken ? json_reply(reports_taken_json(*taken)) : error_reply(taken.error(), false);
}

}  // namespace

std::vector<Route> routes_about_own_lists() {
  const RouteField list{"list", "string", false, "name of the list; the first unless told"};
  const RouteField network{"network", "string", true,
                           "address or network; domain, mail address or its digest"};
  const RouteField by{"by", "string", false, "who gives the order, for the history"};
  return {
      {"GET",
       "/v1/list",
       false,
       "Our own DNS lists: what stands on them, and whether they would list ourselves now.",
       {{"most", "integer", false, "listings of each list, newest first; 100 unless told"}},
       show},
      {"GET",
       "/v1/list/why",
       false,
       "What is known of an address, network or name: reports by kind, mail, listing, history.",
       {{"address", "string", true, "address or network; or domain, mail address or its digest"},
        {"most", "integer", false, "lines of history; 50 unless told"}},
       why},
      {"GET",
       "/v1/list/export",
       false,
       "A list as rbldnsd zone file (ip4trie or ip6trie; dnset for names).",
       {list, {"ipv6", "boolean", false, "the IPv6 networks"}},
       export_list},
      {"POST",
       "/v1/list/add",
       true,
       "Puts an address, network or name on a list by hand.",
       {list,
        network,
        {"reason", "string", true, "shown on the public page"},
        {"for", "span", false, "until it is removed unless told"},
        {"force", "boolean", false, "also where it holds an address of our own"},
        by},
       add},
      {"POST",
       "/v1/list/remove",
       true,
       "Takes an address, network or name off a list.",
       {list,
        network,
        {"reason", "string", true, "for the history"},
        {"wrong_reports", "boolean", false, "its reporters were wrong and are believed less"},
        by},
       remove},
      {"POST",
       "/v1/reports",
       true,
       "Takes reports for our own lists, one JSON object a line.",
       {},
       reports},
  };
}

}  // namespace leumund::face
