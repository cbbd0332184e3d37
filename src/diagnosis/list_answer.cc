#include "diagnosis/list_answer.h"

#include <fmt/format.h>

#include <algorithm>

namespace leumund::diagnosis {
namespace {

using base::IpAddress;

constexpr std::size_t answers_max = 32;
constexpr std::uint32_t loopback = 127U << 24;

bool is_code(const IpAddress& answer) {
  return answer.is_v4() && (answer.v4_bits() & 0xff000000U) == loopback;
}

ListAnswer fault(std::string trouble) {
  ListAnswer out;
  out.verdict = ListVerdict::fault;
  out.trouble = std::move(trouble);
  return out;
}

// What the whole range 127.255.255.0/24 is for, whatever a list's own table says.
bool is_refusal(const IpAddress& answer) { return (answer.v4_bits() & 0xffffff00U) == 0x7fffff00U; }

std::string refusal_words(const DnsList& list, const IpAddress& answer) {
  for (const ListCode& code : list.codes) {
    if (code.kind == CodeKind::error && code.matches(answer)) return code.meaning;
  }
  switch (answer.v4_bits() & 0xff) {
    case 252: return "the zone is misspelt";
    case 254: return "asked through a public or open resolver";
    case 255: return "too many questions";
    default: return "the list refuses our questions";
  }
}

void add(ListAnswer& out, const ListCode& code) {
  const bool policy = code.kind == CodeKind::policy;
  out.policy = out.verdict == ListVerdict::listed ? out.policy && policy : policy;
  out.verdict = ListVerdict::listed;
  if (code.meaning.empty() || out.meaning.contains(code.meaning)) return;
  out.meaning += (out.meaning.empty() ? "" : "; ") + code.meaning;
}

// Whether the row says something about the subject; false for one that speaks of nobody.
bool take(ListAnswer& out, const ListCode& code) {
  if (code.kind == CodeKind::listed || code.kind == CodeKind::policy) return add(out, code), true;
  return false;
}

// Reads one code; false when no row names it.
bool read_code(const DnsList& list, const IpAddress& answer, ListAnswer& out) {
  if (list.any_code) {
    if (out.verdict != ListVerdict::listed) out.meaning.clear();
    out.verdict = ListVerdict::listed;
    return true;
  }
  bool named = false;
  for (const ListCode& code : list.codes) {
    if (!code.matches(answer)) continue;
    named = true;
    take(out, code);
    if (!list.bits || code.bit == 0) return true;  // the narrowest row alone
  }
  return named;
}

const ListCode* error_row(const DnsList& list, const IpAddress& answer) {
  for (const ListCode& code : list.codes) {
    if (!code.matches(answer)) continue;
    if (code.kind == CodeKind::error) return &code;
    if (!list.bits) return nullptr;  // a narrower row says otherwise
  }
  return nullptr;
}

bool names(const DnsList& list, const IpAddress& answer) {
  return std::any_of(list.codes.begin(), list.codes.end(),
                     [&](const ListCode& code) { return code.matches(answer); });
}

}  // namespace

ListAnswer read_list_answer(const DnsList& list, std::span<const IpAddress> answered) {
  answered = answered.first(std::min(answered.size(), answers_max));
  // First all that makes an answer worthless: one such address spoils the others.
  for (const IpAddress& answer : answered) {
    if (!is_code(answer)) {
      return fault(
          fmt::format("answers {}, which is no code of a list: the zone is parked or gone, "
                      "or a resolver invents answers",
                      answer.to_string()));
    }
    if (is_refusal(answer)) {
      return fault(fmt::format("answers {}: {}", answer.to_string(), refusal_words(list, answer)));
    }
    if (const ListCode* row = error_row(list, answer)) {
      return fault(fmt::format("answers {}: {}", answer.to_string(), row->meaning));
    }
    if (answer.v4_bits() == loopback + 1 && !names(list, answer)) {
      return fault("answers 127.0.0.1: it refuses our questions or is shutting down");
    }
  }
  ListAnswer out;
  bool all_named = true;
  for (const IpAddress& answer : answered) {
    out.codes.push_back(answer.to_string());
    if (read_code(list, answer, out)) continue;
    all_named = false;
    out.trouble = fmt::format("answers {}, which is not in its table of codes", out.codes.back());
  }
  if (out.verdict == ListVerdict::listed) {
    out.trouble.clear();
  } else if (all_named && !answered.empty()) {
    out.verdict = ListVerdict::not_listed;  // only remarks, nothing about misconduct
  }
  return out;
}

std::string reversed_labels(const IpAddress& address) {
  std::string name;
  const auto& bytes = address.bytes();
  if (address.is_v4()) {
    for (std::size_t i = bytes.size(); i > bytes.size() - 4; --i) {
      name += fmt::format("{}.", bytes[i - 1]);
    }
  } else {
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = bytes.size(); i > 0; --i) {
      name += digits[bytes[i - 1] & 0xf];
      name += '.';
      name += digits[bytes[i - 1] >> 4];
      name += '.';
    }
  }
  name.pop_back();
  return name;
}

std::string list_question(std::string_view subject, std::string_view zone) {
  const auto address = IpAddress::parse(subject);
  std::string name = address ? reversed_labels(*address) : std::string(subject);
  name += '.';
  name += zone;
  return name;
}

TestPoint control_point(const DnsList& list, std::uint64_t random) {
  if (!list.of_v4 && !list.of_v6) return {fmt::format("l{:016x}.invalid", random), false, {}};
  if (!list.of_v4) {
    return {
        fmt::format("2001:db8:{:x}:{:x}::1", (random >> 16) & 0xffff, random & 0xffff), false, {}};
  }
  // Networks for documents (RFC 5737): nobody sends from there.
  constexpr std::array<std::string_view, 3> networks = {"192.0.2", "198.51.100", "203.0.113"};
  return {
      fmt::format("{}.{}", networks[random % networks.size()], (random >> 8) & 0xff), false, {}};
}

std::vector<TestPoint> test_points(const DnsList& list, std::uint64_t random) {
  std::vector<TestPoint> points;
  if (!list.test_listed.empty()) points.push_back({list.test_listed, true, list.test_else});
  if (!list.test_clean.empty()) points.push_back({list.test_clean, false, {}});
  if (!list.unused_space) points.push_back(control_point(list, random));
  return points;
}

}  // namespace leumund::diagnosis
