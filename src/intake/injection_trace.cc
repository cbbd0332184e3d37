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

bool is_trusted(const base::IpAddress& client, std::span<const base::IpPrefix> trusted) {
  return client.is_loopback() || client.is_private() ||
         std::any_of(trusted.begin(), trusted.end(),
                     [&](const base::IpPrefix& one) { return one.contains(client); });
}

// Who wrote this line is who handed the mail to the writer of the line above.
bool fits(const wire::ReceivedLine& line, const wire::ReceivedLine& above) {
  if (line.by.empty()) return true;
  const auto by = base::IpAddress::parse(line.by);
  if (by) return !above.client || *by == *above.client || by->is_private() || by->is_loopback();
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

class Walk {
 public:
  explicit Walk(std::span<const base::IpPrefix> trusted) : trusted_(trusted) {}

  void take(TracedHop hop, InjectionTrace& out) {
    if (!beyond_) {
      take_ours(hop, out);
    } else {
      take_claim(hop, out);
    }
    if (hop.line.at) written_at_ = hop.line.at;
    out.hops.push_back(std::move(hop));
  }

 private:
  void take_ours(TracedHop& hop, InjectionTrace& out) {
    hop.standing = HopStanding::ours;
    if (!hop.line.by.empty()) our_hosts_.push_back(hop.line.by);
    if (!hop.line.client) {
      out.border_unreadable = beyond_ = tells_of_a_stranger(hop.line);
      if (beyond_) hop.fault = HopFault::unreadable;
      return;
    }
    if (is_trusted(*hop.line.client, trusted_)) return;
    hop.standing = HopStanding::border;
    out.injector = hop.line.client;
    out.border = out.hops.size();
    beyond_ = true;
  }

  void take_claim(TracedHop& hop, InjectionTrace& out) {
    hop.fault = fault_of(hop.line, out.hops.back().line);
    using enum HopFault;
    forged_ = forged_ || hop.fault == our_name || hop.fault == later;
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

  std::span<const base::IpPrefix> trusted_;
  std::vector<std::string> our_hosts_;
  std::optional<base::TimePoint> written_at_;  // of the line above that has a date
  bool beyond_ = false;
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

InjectionTrace trace_injection(std::span<const std::string_view> lines,
                               std::span<const base::IpPrefix> trusted) {
  InjectionTrace out;
  Walk walk(trusted);
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
