// Whether mail of an arriving client is taken, by what DNS lists say of its address.
//
// A blocking list refuses alone. Scoring lists add their weights, negative ones too, as Postfix's
// postscreen_dnsbl_sites does (postscreen(8)); from `refuse_at` on mail is refused. An allow list
// that lists the client ends it: nothing else counts. What is not known, because a list is out of
// order or did not answer in time, counts for nothing.
// Threads: pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "diagnosis/dns_list.h"
#include "diagnosis/list_answer.h"

namespace leumund::diagnosis {

enum class ScreenRole : std::uint8_t { block, score, allow };
[[nodiscard]] std::string_view screen_role_name(ScreenRole role);

struct ScreenList {
  DnsList list;  // its `weight` counts where the role is `score`
  ScreenRole role = ScreenRole::score;
  std::string shown = {};  // the zone; its id where the zone holds the account's key

  [[nodiscard]] int weight() const { return static_cast<int>(list.weight); }
};

struct ScreenRules {
  std::vector<ScreenList> lists;
  int refuse_at = 0;       // 0: scoring lists refuse nothing
  bool temporary = false;  // 451 instead of 554
};

struct ChosenScreen {
  std::vector<ScreenList> lists;
  std::vector<std::string> problems;  // what was asked for and cannot be had, a sentence each
};

// `words` as choose_lists() takes them, an id also with a weight: "spamhaus-zen*3". One zone may
// be named several times with different codes. Where no weight is given it is 1.
void choose_screen(ScreenRole role, std::span<const std::string> words,
                   std::span<const DnsList> known, const std::map<std::string, std::string>& keys,
                   ChosenScreen& out);

// What the list at the same place in ScreenRules::lists said.
struct ScreenSaid {
  ListVerdict verdict = ListVerdict::unknown;
  std::vector<std::string> codes;
  std::string text;  // its own words; "" none known
};

struct ScreenVerdict {
  bool refused = false;
  bool allowed = false;
  int score = 0;
  std::vector<std::uint32_t> hits;  // places of the lists that list the client
  std::optional<std::uint32_t> by;  // the blocking or allowing list that decided
  std::uint32_t unknown = 0;        // lists that said nothing
};

[[nodiscard]] ScreenVerdict screen(const ScreenRules& rules, std::span<const ScreenSaid> said);

// "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example.org; Blocked -
// see https://..." on one line of printable ASCII: what people and other programs know to read.
[[nodiscard]] std::string screen_refusal(const ScreenRules& rules, std::span<const ScreenSaid> said,
                                         const ScreenVerdict& verdict,
                                         const base::IpAddress& client);

// "score=4/5 client=192.0.2.1 zen.example.org=127.0.0.4*3 bl.example.org=127.0.0.2*1"; at most 900
// bytes.
[[nodiscard]] std::string screen_summary(const ScreenRules& rules, std::span<const ScreenSaid> said,
                                         const ScreenVerdict& verdict,
                                         const base::IpAddress& client);

}  // namespace leumund::diagnosis
