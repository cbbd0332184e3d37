// Whether one provider takes mail from one of our addresses, and what the mail servers said of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/fingerprint.h"

namespace leumund::model {

// The states of a circuit breaker, with the doubt before it.
enum class CellState : std::uint8_t {
  open,       // mail gets through
  suspected,  // refusals of late, not enough to be sure
  refused,
  half_open,  // refused, and a probe is on its way
};

[[nodiscard]] std::string_view cell_state_name(CellState state);
[[nodiscard]] std::optional<CellState> parse_cell_state(std::string_view text);

// A refusal as it was worded, with the names of senders and recipients blanked.
struct BlockExample {
  base::TimePoint at;
  std::string remote;
  std::string stage;  // "greeting", "rcpt", ...; "" unknown
  std::string queue_id;
  std::string reply;

  bool operator==(const BlockExample&) const = default;
};

// One cell of the block matrix as people and machines see it.
struct BlockFacts {
  std::string egress;    // name of the configured egress, else its syslog_name or address
  std::string provider;  // registry id, or "mx:DOMAIN" for one that nobody registered
  CellState state = CellState::open;
  base::TimePoint since;             // of a refusal: the first one; of open: when it opened
  base::TimePoint last_refused_at;   // 1970: never
  base::TimePoint last_accepted_at;  // 1970: never
  std::vector<std::string> lists;    // registry ids or zones, most often named first
  bool private_list = false;         // the provider's own decision, on no public list
  std::string listed_address;        // ours, as the last refusal that names one tells it
  double refused_share = 0;          // of the mail of about a day
  double usual_share = 0;            // of this cell while it was open
  std::uint64_t mails = 0;           // refused ones since `since`, each once
  std::uint64_t recipients = 0;      // distinct
  std::uint64_t sender_domains = 0;  // distinct
  std::uint64_t accounts = 0;        // distinct
  ClassCounts classes = {};          // of the mails; unknown without a milter
  std::uint64_t other_refusals = 0;  // about content or sender: shown, never counted
  double evidence = 0;               // of the sequential test, in natural-log units
  double threshold = 0;
  std::vector<BlockExample> examples;  // newest first
  std::vector<BlockExample> other_examples;

  bool operator==(const BlockFacts&) const = default;
};

// A cell's way from one state to another, with the facts as they are then.
struct BlockChange {
  CellState from = CellState::open;
  BlockFacts facts;

  bool operator==(const BlockChange&) const = default;
};

}  // namespace leumund::model
