// Gathers what is known for a letter about a case, and writes it.
//
// Flow:    case + order -> configuration, registry, matrix, watch, journal, DNS -> LetterInput ->
//          action::write_letter().
// Time:    reverse DNS of our own addresses is asked with a bound of two seconds a question.
// Threads: any.
// Errors:  malformed: which party is meant is not clear; unavailable: it is not in the case. What
//          cannot be learnt is left out of the letter.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "action/letter.h"
#include "apps/clock.h"
#include "apps/daemon/pipeline.h"
#include "config/settings.h"
#include "diagnosis/dns_list.h"
#include "diagnosis/reader.h"
#include "face/control.h"
#include "model/hygiene.h"
#include "model/listing.h"
#include "net/resolver.h"
#include "storage/store.h"

namespace leumund::apps {

// Who has evidence enough to be restricted, and is not; "" nobody.
[[nodiscard]] std::string unrestricted_suspect(Pipeline& pipeline, base::TimePoint now);

// What the watch knows of the places that a letter is about: which addresses are listed, and
// whether mail leaves from them.
void add_listings(const std::vector<model::Listing>& listings, action::LetterInput& input);

class CaseLetters {
 public:
  struct Around {
    Pipeline& pipeline;
    storage::Store& store;
    const Clock& clock;
    std::shared_ptr<const diagnosis::Reader> replies;
    net::Resolver* resolver = nullptr;                      // null: reverse DNS stays unknown
    std::function<std::vector<model::Listing>()> listings;  // that stand now
    // Grave faults in the set-up of an own address.
    std::function<std::vector<model::HygieneFinding>(const std::string& address)> setup;
    std::function<config::RunSettings()> settings;
  };

  explicit CaseLetters(Around around);

  [[nodiscard]] base::Result<action::Letter> write(const face::CaseReport& report,
                                                   const face::LetterOrder& order) const;
  // The registry's words and the operator's own.
  [[nodiscard]] model::Contact contact_of(const std::string& party) const;
  // Puts into a case where its parties are asked: providers' decisions do not tell it.
  void add_pages(model::Case& one) const;

 private:
  void add_addresses(const config::RunSettings& run, action::LetterInput& input) const;
  void add_setup(const config::RunSettings& run, action::LetterInput& input) const;
  void add_stopped(action::LetterInput& input) const;
  [[nodiscard]] bool reverse_matches(const base::IpAddress& address, const std::string& helo) const;

  Around around_;
  std::vector<diagnosis::DnsList> lists_;
};

}  // namespace leumund::apps
