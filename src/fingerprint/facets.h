// The facets of a message: what a campaign repeats beside its words, each as a keyed hash.
//
// Limits:  each kind has its own share of Fingerprint::facets_max, so that none crowds out another.
// Threads: none of its own.
// Errors:  none.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "model/fingerprint.h"
#include "wire/message_reader.h"

namespace leumund::fingerprint {

class FacetMaker {
 public:
  FacetMaker(const base::HashKey& key, std::vector<std::string> shorteners);

  // Links of whatever place. Where there are more than room, those of hosts that everybody links to
  // go last and chance decides, the same way for every mail: no order in the mail does.
  void add_links(std::initializer_list<std::span<const std::string>> groups,
                 model::Fingerprint& print) const;
  // Links and contacts below the writer's own text.
  void add_quoted(std::span<const std::string> links, std::span<const std::string> contacts,
                  model::Fingerprint& print) const;
  void add_attachments(std::span<const wire::Attachment> attachments,
                       model::Fingerprint& print) const;
  // Mail addresses in lower case, "tel:...", "coin:...".
  void add_contacts(std::span<const std::string> contacts, model::Fingerprint& print) const;
  void add_mailer(std::string_view value, model::Fingerprint& print) const;
  void add_message_id(std::string_view value, model::Fingerprint& print) const;
  void add_helo(std::string_view helo, model::Fingerprint& print) const;
  void add_text(model::FacetKind kind, std::string_view text, model::Fingerprint& print) const;
  void add_words(model::FacetKind kind, std::span<const std::uint64_t> words,
                 model::Fingerprint& print) const;
  void add_subject_parts(std::span<const std::uint64_t> words, model::Fingerprint& print) const;

 private:
  struct RankedLink;
  [[nodiscard]] std::vector<RankedLink> ranked(
      std::initializer_list<std::span<const std::string>> groups) const;
  [[nodiscard]] std::vector<std::string_view> by_chance(
      std::span<const std::string> contacts) const;

  base::HashKey key_;
  std::vector<std::string> shorteners_;
};

// Header names as a fingerprint keeps them; false for those that servers on the way add, or that
// stand in some mails of a program only.
[[nodiscard]] bool is_program_header(std::string_view lower_name);

}  // namespace leumund::fingerprint
