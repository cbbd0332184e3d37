// The fingerprint makers of one milter service: as many as messages are being read at once.
//
// Flow:    Session::begin_body -> take() -> PrintMaker -> event -> give_back().
// Limits:  `idle_max` makers are kept for the next message; each holds what one message needs.
// Threads: take() and give_back() on the loop's; set() from any.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/guarded.h"
#include "base/hash.h"
#include "fingerprint/print_maker.h"

namespace leumund::intake {

struct MilterPrintSettings {
  fingerprint::PrintSettings prints = {};
  // Events carry the writer's own text as well, for the template of an open campaign.
  bool keep_own_text = false;
  // Scripts ("uid5000") that redirect mail for others: their headers may name a forward rule.
  std::vector<std::string> forwarders = {};
};

class MilterPrints {
 public:
  struct Maker {
    std::shared_ptr<const MilterPrintSettings> settings;  // it was made with
    fingerprint::PrintMaker prints;
  };

  // `attachments_reach` as PrintLimits has it, whatever the settings say.
  MilterPrints(MilterPrintSettings settings, const base::HashKey& key,
               std::size_t attachments_reach);

  // From the next message on.
  void set(MilterPrintSettings settings);
  [[nodiscard]] std::unique_ptr<Maker> take();
  // Forgets the message it has read.
  void give_back(std::unique_ptr<Maker> maker);

 private:
  static constexpr std::size_t idle_max = 16;

  base::HashKey key_;
  std::size_t attachments_reach_;
  base::Published<MilterPrintSettings> settings_;
  std::vector<std::unique_ptr<Maker>> idle_;
};

}  // namespace leumund::intake
