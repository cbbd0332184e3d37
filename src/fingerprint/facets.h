// The facets of a message: what a campaign repeats beside its words, each as a keyed hash.
//
// Limits:  each kind has its own share of Fingerprint::facets_max, so that none crowds out another.
// Threads: none of its own.
// Errors:  none.
#pragma once

#include <cstdint>
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

  // The links a reader would follow first, then image sources.
  void add_links(std::span<const std::string> links, model::Fingerprint& print) const;
  void add_quoted_links(std::span<const std::string> links, model::Fingerprint& print) const;
  void add_attachments(std::span<const wire::Attachment> attachments,
                       model::Fingerprint& print) const;
  // Mail addresses in lower case, "tel:...", "coin:...".
  void add_contact(std::string_view contact, model::Fingerprint& print) const;
  void add_mailer(std::string_view value, model::Fingerprint& print) const;
  void add_message_id(std::string_view value, model::Fingerprint& print) const;
  void add_helo(std::string_view helo, model::Fingerprint& print) const;
  void add_text(model::FacetKind kind, std::string_view text, model::Fingerprint& print) const;
  void add_words(model::FacetKind kind, std::span<const std::uint64_t> words,
                 model::Fingerprint& print) const;
  void add_subject_parts(std::span<const std::uint64_t> words, model::Fingerprint& print) const;

 private:
  base::HashKey key_;
  std::vector<std::string> shorteners_;
};

// Header names as a fingerprint keeps them; false for those that servers on the way add, or that
// stand in some mails of a program only.
[[nodiscard]] bool is_program_header(std::string_view lower_name);

}  // namespace leumund::fingerprint
