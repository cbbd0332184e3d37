// The text of an HTML mail that a reader sees, and where its links lead.
//
// Left out: comments, scripts, styles, what has no size, no opacity, no display, the colour of its
// background, or a place outside the window - by attribute, by style attribute, or by a class or id
// of the mail's own <style>. Words that tags cut in pieces are whole again.
//
// Limits:  HtmlLimits; tags of over 1 MiB are text; 64 rules of <style> that hide something; an
//          element stack of 16,384.
// Errors:  none: HTML is read as far as it makes sense.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace leumund::wire {

struct HtmlLimits {
  std::size_t text_bytes = 512UL * 1024;
  std::size_t links = 256;
  std::size_t link_bytes = 2'048;
  base::HashKey key = {};  // of the choice among more links than that (LinkChoice)
};

struct HtmlView {
  std::string text;
  std::vector<std::string> links;    // of a, area, form, in their order unless some were chosen
  std::vector<std::string> sources;  // of img
  std::size_t images = 0;
  std::size_t hidden_bytes = 0;  // of text that nobody sees, blanks apart
  bool truncated = false;
};

// Replaces `view`, keeping its memory. `html` is UTF-8.
void read_html(std::string_view html, HtmlView& view, HtmlLimits limits = {});

// Reads "&...;" at the front of `text` and appends the character; its size, 0 when it is none.
// Numbers need no ";", as in browsers.
std::size_t read_html_reference(std::string_view text, std::string& out);

}  // namespace leumund::wire
