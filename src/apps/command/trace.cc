// trace: who handed us a mail, and how far its Received lines can be believed.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "apps/command/input_file.h"
#include "apps/command/verbs.h"
#include "intake/abuse_contacts.h"
#include "intake/injection_trace.h"
#include "wire/mime.h"

namespace leumund::apps {
namespace {

using intake::HopFault;
using intake::HopStanding;
using intake::InjectionTrace;

constexpr std::size_t message_bytes_most = 64UL << 20;
constexpr std::size_t contact_bytes_most = 256UL << 20;

// The header to trace: that of the mail which was reported or forwarded as an attachment, where
// there is one with Received lines, else the message's own.
std::string_view header_of(const wire::MimeTree& tree, bool outer) {
  for (const wire::MimePart& part : tree.parts) {
    if (outer || part.parent == wire::no_part) continue;
    const bool inside = tree.parts[part.parent].kind == wire::MimeKind::message;
    const std::string_view header = inside ? part.header
                                    : part.kind == wire::MimeKind::message_headers
                                        ? part.body
                                        : std::string_view();
    if (!intake::received_lines(header).empty()) return header;
  }
  return tree.parts.front().header;
}

std::string optional_text(const std::optional<base::IpAddress>& address) {
  return address ? address->to_string() : std::string();
}

nlohmann::ordered_json hop_json(const intake::TracedHop& hop) {
  return {{"standing", hop_standing_name(hop.standing)},
          {"fault", hop_fault_name(hop.fault)},
          {"client", optional_text(hop.line.client)},
          {"client_name", safe(hop.line.client_name)},
          {"helo", safe(hop.line.helo)},
          {"by", safe(hop.line.by)},
          {"protocol", safe(hop.line.protocol)},
          {"id", safe(hop.line.id)},
          {"authenticated", hop.line.authenticated},
          {"local", hop.line.local},
          {"at", hop.line.at ? base::format_rfc3339(*hop.line.at) : std::string()}};
}

class Tracer {
 public:
  Tracer(const Request& request, Terminal& terminal, std::vector<base::IpPrefix> trusted,
         const intake::AbuseContacts& contacts)
      : request_(request), terminal_(terminal), trusted_(std::move(trusted)), contacts_(contacts) {}

  // False: there is no Received line in it.
  bool message(const std::string& file, std::string_view raw) {
    wire::MimeTree tree;
    wire::scan_mime(raw, tree);
    const auto lines = intake::received_lines(header_of(tree, request_.outer));
    const InjectionTrace trace = intake::trace_injection(lines, {trusted_, {}});
    const intake::AbuseContact* contact =
        trace.injector ? contacts_.find(*trace.injector) : nullptr;
    request_.json ? print_json(file, trace, contact) : print_text(file, trace, contact);
    return !trace.hops.empty();
  }

 private:
  void print_json(const std::string& file, const InjectionTrace& trace,
                  const intake::AbuseContact* contact) {
    auto hops = nlohmann::ordered_json::array();
    for (const auto& hop : trace.hops) hops.push_back(hop_json(hop));
    nlohmann::ordered_json out = {
        {"file", safe(file)},
        {"injector", optional_text(trace.injector)},
        {"proven", trace.proven && trace.injector.has_value()},
        {"border_unreadable", trace.border_unreadable},
        {"claimed_origin", optional_text(trace.claimed_origin)},
        {"abuse_contact", contact ? safe(contact->contact) : std::string()},
        {"abuse_network", contact ? contact->network.to_string() : std::string()},
        {"abuse_remark", contact ? safe(contact->remark) : std::string()},
        {"cut", trace.cut},
        {"hops", std::move(hops)}};
    terminal_.line(out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  }

  void print_text(const std::string& file, const InjectionTrace& trace,
                  const intake::AbuseContact* contact) {
    terminal_.line(terminal_.paint(Colour::bold, safe(file)));
    std::vector<Row> rows;
    for (const auto& hop : trace.hops) rows.push_back(row_of(hop));
    show_rows(terminal_, rows);
    if (trace.cut) terminal_.line("  " + terminal_.say("trace.cut", trace.hops.size()));
    if (trace.hops.empty()) {
      terminal_.line("  " + terminal_.say("trace.no_lines"));
    } else if (trace.border_unreadable) {
      terminal_.line("  " + terminal_.say("trace.border_unreadable"));
    } else if (!trace.injector) {
      terminal_.line("  " + terminal_.say("trace.ours"));
    } else {
      const std::string& name = trace.hops[trace.border].line.client_name;
      const std::string address = trace.injector->to_string();
      terminal_.line(
          "  " +
          terminal_.say(trace.proven ? Phrase("trace.injector") : Phrase("trace.injector_likely"),
                        name.empty() ? address : address + " (" + safe(name) + ")"));
    }
    if (contact) {
      terminal_.line("  " + terminal_.say("trace.contact", safe(contact->contact),
                                          contact->network.to_string(), safe(contact->remark)));
    }
    if (trace.claimed_origin) {
      terminal_.line("  " + terminal_.say("trace.claimed", trace.claimed_origin->to_string()));
    }
  }

  [[nodiscard]] Row row_of(const intake::TracedHop& hop) const {
    static constexpr std::array<Phrase, 5> standings = {
        Phrase("trace.standing.ours"), Phrase("trace.standing.border"),
        Phrase("trace.standing.claimed"), Phrase("trace.standing.doubtful"),
        Phrase("trace.standing.forged")};
    static constexpr std::array<Phrase, 7> faults = {
        Phrase("trace.fault.none"),          Phrase("trace.fault.our_name"),
        Phrase("trace.fault.later"),         Phrase("trace.fault.no_date"),
        Phrase("trace.fault.other_writer"),  Phrase("trace.fault.unreadable"),
        Phrase("trace.fault.below_a_forged")};
    const bool bad = hop.standing == HopStanding::forged || hop.standing == HopStanding::doubtful;
    const std::string client = hop.line.client  ? hop.line.client->to_string()
                               : hop.line.local ? terminal_.say("trace.local")
                                                : "-";
    return {
        {terminal_.say(standings[static_cast<std::size_t>(hop.standing)]),
         bad                                   ? Colour::yellow
         : hop.standing == HopStanding::border ? Colour::bold
                                               : Colour::plain},
        {client},
        {hop.line.client_name.empty() ? "-" : safe(hop.line.client_name)},
        {"-> " + (hop.line.by.empty() ? "-" : safe(hop.line.by))},
        {hop.line.at ? base::format_rfc3339(*hop.line.at) : "-"},
        {hop.fault == HopFault::none ? std::string()
                                     : terminal_.say(faults[static_cast<std::size_t>(hop.fault)])}};
  }

  const Request& request_;
  Terminal& terminal_;
  std::vector<base::IpPrefix> trusted_;
  const intake::AbuseContacts& contacts_;
};

base::Result<std::vector<base::IpPrefix>> networks_of(const Request& request) {
  std::vector<base::IpPrefix> out;
  for (const std::string& text : request.trusted) {
    const auto network = base::IpPrefix::parse(text);
    if (!network)
      return base::Error{base::ErrorCode::malformed, "--trust '" + text + "' is no network"};
    out.push_back(*network);
  }
  return out;
}

base::Result<intake::AbuseContacts> contacts_of(const Request& request) {
  if (request.abuse_file.empty()) return intake::AbuseContacts();
  const auto text = read_input(request.abuse_file, contact_bytes_most);
  if (!text) return text.error();
  auto contacts = intake::AbuseContacts::read(*text);
  if (!contacts) {
    return base::Error{contacts.error().code, request.abuse_file + ": " + contacts.error().message};
  }
  return contacts;
}

base::Result<bool> trace_all(const Request& request, Terminal& terminal) {
  const auto networks = networks_of(request);
  if (!networks) return networks.error();
  const auto contacts = contacts_of(request);
  if (!contacts) return contacts.error();
  Tracer tracer(request, terminal, *networks, *contacts);
  bool found = false;
  const std::vector<std::string> standard_input = {"-"};
  for (const std::string& name : request.files.empty() ? standard_input : request.files) {
    const auto text = read_input(name, message_bytes_most);
    if (!text) return text.error();
    for (const std::string_view message : wire::split_mbox(*text))
      found = tracer.message(name, message) || found;
  }
  return found;
}

}  // namespace

int trace_mail(const Request& request, Terminal& terminal) {
  const auto found = trace_all(request, terminal);
  if (!found) {
    return tell_own_error(request, terminal, exit_wrong_use, found.error());
  }
  return *found ? exit_done : exit_negative;
}

}  // namespace leumund::apps
