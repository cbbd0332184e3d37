// What the mails of a campaign have in common and where they differ, for the people who look at an
// open case. Works on texts, so it is called only while the operator allows texts to be kept.
//
// A word is common where a run of three words around it stands in other texts as well; so the order
// of sentences does not matter.
//
// Limits:  the first 50 texts, of each the first 2,000 words.
// Threads: none.
// Errors:  none: without a second text everything is common.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::fingerprint {

struct TemplatePart {
  std::string text;     // words of the first text, one blank between them
  bool varies = false;  // stands in less than half of the other texts
  double share = 1;     // of the other texts that have it, in the mean

  bool operator==(const TemplatePart&) const = default;
};

// The first text in parts, the parts in its order.
[[nodiscard]] std::vector<TemplatePart> mark_template(std::span<const std::string_view> texts);

// "Dear [...], your parcel [...] waits": for a line of text.
[[nodiscard]] std::string template_line(std::span<const TemplatePart> parts,
                                        std::string_view varying = "[...]");

}  // namespace leumund::fingerprint
