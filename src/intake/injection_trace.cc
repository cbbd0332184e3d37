#include "intake/injection_trace.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "wire/mime_header.h"

namespace leumund::intake {
namespace {

// Clocks of mail servers differ; more than that is no clock's fault.
constexpr std::chrono::minutes clocks_differ{30};

constexpr std::array<std::string_view, 5> standing_names = {"ours", "border", "claimed", "doubtful",
                                                            "forged"};
constexpr std::array<std::string_view, 7> fault_names = {
    "", "our_name", "later", "no_date", "other_writer", "unreadable", "below_a_forged"};

// "example.org" of "mx1.mail.example.org"; with second-level registries "co.uk" three labels would
// be right, but two of the same say enough here: it only raises doubts.
std::string_view domain_of(std::string_view host) {
  const std::size_t last = host.rfind('.');
  if (last == std::string_view::npos || last == 0) return host;
  const std::size_t before = host.rfind('.', last - 1);
  return before == std::string_view::npos ? host : host.substr(before + 1);
}

bool is_near(const base::IpAddress& address) {
  return address.is_loopback() || address.is_private();
}

// As a content filter or a mailbox calls itself: "localhost", "mail", "[127.0.0.1]", or not at all.
bool is_near(std::string_view host) {
  const auto address = base::IpAddress::parse(host);
  return address ? is_near(*address)
                 : host.find('.') == std::string_view::npos || host.ends_with(".localdomain");
}

// Who wrote this line is who handed the mail to the writer of the line above.
bool fits(const wire::ReceivedLine& line, const wire::ReceivedLine& above) {
  if (line.by.empty()) return true;
  const auto by = base::IpAddress::parse(line.by);
  if (by) return !above.client || *by == *above.client || is_near(*by);
  if (line.by.find('.') == std::string::npos || line.by.ends_with(".local")) return true;
  const auto same = [&](std::string_view name) {
    return !name.empty() && domain_of(line.by) == domain_of(name);
  };
  // Within one house hosts hand it on under names of their own.
  return same(above.client_name) || same(above.helo) || same(above.by);
}

// A line without an address is the host's own where it names no client (a queue's, a delivery to a
// mailbox), the host itself or one that has no full name.
bool tells_of_a_stranger(const wire::ReceivedLine& line) {
  const std::string& client = line.client_name.empty() ? line.helo : line.client_name;
  return !line.local && client.find('.') != std::string::npos && client != line.by;
}

// Whoever logged in wrote what stands below; a mailbox's LMTP names its own queue so.
bool is_of_a_login(const wire::ReceivedLine& line) {
  return line.authenticated && !line.protocol.starts_with("LMTP");
}

class Walk {
 public:
  explicit Walk(const OurHosts& ours) : ours_(ours) {}

  void take(TracedHop hop, InjectionTrace& out) {
    beyond_ = beyond_ || !is_ours(hop.line, out);
    if (!beyond_) {
      take_ours(hop, out);
    } else if (out.hops.empty()) {
      hop.standing = HopStanding::doubtful;
      hop.fault = HopFault::other_writer;
      doubted_ = true;
    } else {
      take_claim(hop, out);
    }
    if (hop.line.at) written_at_ = hop.line.at;
    out.hops.push_back(std::move(hop));
  }

 private:
  // Whether the next line is one that a host of ours wrote, as far as the lines above tell.
  [[nodiscard]] bool is_ours(const wire::ReceivedLine& line, const InjectionTrace& out) const {
    const std::string& by = line.by;
    if (std::ranges::find(ours_.names, by) != ours_.names.end()) return true;
    if (out.hops.empty()) return ours_.names.empty();
    if (is_near(by)) return true;
    if (!ours_.names.empty()) return false;
    return from_relay_ || domain_of(by) == domain_of(out.hops.front().line.by);
  }

  void take_ours(TracedHop& hop, InjectionTrace& out) {
    const wire::ReceivedLine& line = hop.line;
    hop.standing = HopStanding::ours;
    out.border = out.hops.size();
    out.proven = !from_near_;
    if (!line.by.empty()) our_hosts_.push_back(line.by);
    const bool relay = line.client && std::ranges::any_of(ours_.relays, [&](const auto& one) {
                         return one.contains(*line.client);
                       });
    from_relay_ = from_relay_ || relay;
    if (relay) return;
    if (line.by_a_user) {
      beyond_ = true;
    } else if (!line.client) {
      out.border_unreadable = tells_of_a_stranger(line);
      if (out.border_unreadable) hop.fault = HopFault::unreadable;
      beyond_ = out.border_unreadable || is_of_a_login(line);
    } else if (is_near(*line.client)) {
      from_near_ = true;
      beyond_ = is_of_a_login(line);
    } else {
      hop.standing = HopStanding::border;
      out.injector = line.client;
      beyond_ = true;
    }
  }

  void take_claim(TracedHop& hop, InjectionTrace& out) {
    hop.fault = fault_of(hop.line, out.hops.back().line);
    using enum HopFault;
    // What a user of ours handed in may be a mail that we took before: that is doubtful only.
    forged_ = forged_ || (hop.fault == our_name && out.injector) || hop.fault == later;
    if (forged_) {
      hop.standing = HopStanding::forged;
      if (hop.fault != our_name && hop.fault != later) hop.fault = below_a_forged;
      return;
    }
    doubted_ = doubted_ || hop.fault != none;
    hop.standing = hop.fault == none ? HopStanding::claimed : HopStanding::doubtful;
    if (!doubted_ && hop.line.client && !hop.line.client->is_private() &&
        !hop.line.client->is_loopback() && hop.line.client != out.injector) {
      out.claimed_origin = hop.line.client;
    }
  }

  [[nodiscard]] HopFault fault_of(const wire::ReceivedLine& line,
                                  const wire::ReceivedLine& above) const {
    if (line.by.empty() && !line.client && !line.local) return HopFault::unreadable;
    if (std::find(our_hosts_.begin(), our_hosts_.end(), line.by) != our_hosts_.end() &&
        line.by.find('.') != std::string::npos) {
      return HopFault::our_name;
    }
    if (!line.at) return HopFault::no_date;
    if (written_at_ && *line.at > *written_at_ + clocks_differ) return HopFault::later;
    return fits(line, above) ? HopFault::none : HopFault::other_writer;
  }

  const OurHosts ours_;
  std::vector<std::string> our_hosts_;
  std::optional<base::TimePoint> written_at_;  // of the line above that has a date
  bool beyond_ = false;                        // of our border
  bool from_relay_ = false;                    // a line above names one
  bool from_near_ = false;  // a line above names loopback or a private address that is no relay
  bool doubted_ = false;
  bool forged_ = false;
};

}  // namespace

std::string_view hop_standing_name(HopStanding standing) {
  return standing_names[static_cast<std::size_t>(standing)];
}

std::string_view hop_fault_name(HopFault fault) {
  return fault_names[static_cast<std::size_t>(fault)];
}

InjectionTrace trace_injection(std::span<const std::string_view> lines, const OurHosts& ours) {
  InjectionTrace out;
  Walk walk(ours);
  out.cut = lines.size() > trace_lines_most;
  for (const std::string_view line : lines.first(std::min(lines.size(), trace_lines_most))) {
    walk.take({.line = wire::read_received_line(line)}, out);
  }
  return out;
}

std::vector<std::string_view> received_lines(std::string_view header) {
  std::vector<std::string_view> out;
  const wire::HeaderFields fields(header);
  for (const wire::HeaderField& field : fields.all()) {
    if (wire::equal_ignoring_case(field.name, "Received")) out.push_back(field.value);
  }
  return out;
}

}  // namespace leumund::intake
