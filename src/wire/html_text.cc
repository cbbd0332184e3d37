#include "wire/html_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "wire/charset.h"
#include "wire/html_entities.h"
#include "wire/html_style.h"
#include "wire/link_choice.h"
#include "wire/lookalikes.h"
#include "wire/mime_encoding.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t tag_bytes = 1UL * 1024 * 1024;
constexpr std::size_t name_bytes = 16;
constexpr std::size_t stack_max = 16UL * 1024;
constexpr std::size_t close_search = 32;
constexpr std::size_t reference_bytes = 34;
// What may be read in vain for tags that never close, before "<" is taken for text sooner.
constexpr std::size_t vain_bytes_max = 1UL * 1024 * 1024;
constexpr std::size_t tag_bytes_late = 64;

constexpr std::array<std::string_view, 28> block_tags = {
    "p",       "br",     "div",    "tr",      "li",      "table", "ul",
    "ol",      "hr",     "pre",    "h1",      "h2",      "h3",    "h4",
    "h5",      "h6",     "body",   "dl",      "dt",      "dd",    "article",
    "section", "header", "footer", "address", "caption", "form",  "blockquote"};
constexpr std::array<std::string_view, 14> void_tags = {"br",    "img",   "hr",     "meta", "input",
                                                        "link",  "area",  "col",    "base", "embed",
                                                        "param", "track", "source", "wbr"};
// Elements whose content nobody reads; their end is looked for.
// Not noscript and object: mail programs run no scripts and show what stands in for them.
constexpr std::array<std::string_view, 6> silent_tags = {"script",   "style",  "title",
                                                         "template", "iframe", "svg"};
constexpr std::array<std::string_view, 6> lone_references = {"nbsp", "amp",  "lt",
                                                             "gt",   "quot", "shy"};

template <std::size_t Count>
bool one_of(std::string_view name, const std::array<std::string_view, Count>& names) {
  return std::ranges::find(names, name) != names.end();
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_name(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == ':'; }

struct Tag {
  std::array<char, name_bytes> name_buffer{};
  std::string_view name;  // lower case
  bool closing = false;
  std::string_view style;
  std::string_view classes;
  std::string_view id;
  std::string_view link;  // href, src or action
  std::string_view color;
  std::string_view background;  // bgcolor
  std::string_view width;
  std::string_view height;
  bool hidden = false;
  bool pictured = false;  // a background picture
};

struct Element {
  std::array<char, name_bytes> name_buffer{};
  std::size_t name_size = 0;
  bool hidden = false;
  bool tiny = false;
  std::uint32_t color = 0;
  std::uint32_t background = 0xFFFFFF;

  [[nodiscard]] std::string_view name() const { return {name_buffer.data(), name_size}; }
};

void take_attribute(Tag& tag, std::string_view name, std::string_view value) {
  const auto is = [&](std::string_view wanted) { return equal_ignoring_case(name, wanted); };
  switch (name[0] | 0x20) {
    case 's':
      if (is("style")) tag.style = value;
      if (is("src")) tag.link = value;
      break;
    case 'c':
      if (is("class")) tag.classes = value;
      if (is("color")) tag.color = value;
      break;
    case 'h':
      if (is("href")) tag.link = value;
      if (is("height")) tag.height = value;
      if (is("hidden")) tag.hidden = true;
      break;
    case 'a':
      if (is("action")) tag.link = value;
      break;
    case 'b':
      if (is("bgcolor")) tag.background = value;
      if (is("background")) tag.pictured = true;
      break;
    case 'i':
      if (is("id")) tag.id = value;
      break;
    case 'w':
      if (is("width")) tag.width = value;
      break;
    case 't':
      if (is("text") && tag.name == "body") tag.color = value;
      break;
    default: break;
  }
}

// The attributes from `at` to the ">"; the place behind it, npos when there is none in reach.
std::size_t read_attributes(std::string_view html, std::size_t at, std::size_t reach, Tag& tag) {
  const std::size_t end = std::min(html.size(), at + reach);
  while (at < end) {
    while (at < end && (is_blank(html[at]) || html[at] == '/')) ++at;
    if (at >= end) break;
    if (html[at] == '>') return at + 1;
    const std::size_t name = at;
    while (at < end && !is_blank(html[at]) && html[at] != '=' && html[at] != '>') ++at;
    const std::string_view attribute = html.substr(name, at - name);
    while (at < end && is_blank(html[at])) ++at;
    std::string_view value;
    if (at < end && html[at] == '=') {
      ++at;
      while (at < end && is_blank(html[at])) ++at;
      if (at < end && (html[at] == '"' || html[at] == '\'')) {
        const std::size_t close = html.substr(0, end).find(html[at], at + 1);
        // A quote that is not closed ends with the tag.
        const std::size_t stop =
            close != std::string_view::npos ? close : std::min(html.find('>', at), end);
        value = html.substr(at + 1, stop - at - 1);
        at = close != std::string_view::npos ? stop + 1 : stop;
      } else {
        const std::size_t begin = at;
        while (at < end && !is_blank(html[at]) && html[at] != '>') ++at;
        value = html.substr(begin, at - begin);
      }
    }
    if (!attribute.empty()) take_attribute(tag, attribute, value);
    if (attribute.empty() && value.empty()) ++at;
  }
  return std::string_view::npos;
}

// As browsers see it: "<!-->" is a whole comment, and "--!>" ends one.
std::size_t end_of_comment(std::string_view html, std::size_t at) {
  const std::string_view rest = html.substr(at);
  if (rest.starts_with("<!-->")) return at + 5;
  if (rest.starts_with("<!--->")) return at + 6;
  for (std::size_t end = html.find("--", at + 4); end != std::string_view::npos;
       end = html.find("--", end + 1)) {
    const std::string_view tail = html.substr(end + 2, 2);
    if (tail.starts_with('>')) return end + 3;
    if (tail == "!>") return end + 4;
  }
  return html.size();
}

class Reader {
 public:
  Reader(std::string_view html, HtmlView& view, HtmlLimits limits)
      : html_(html),
        view_(view),
        limits_(limits),
        links_(view.links, limits.links, limits.key),
        sources_(view.sources, limits.links, limits.key),
        stack_(1) {}

  void run();

 private:
  std::size_t read_markup(std::size_t at);
  std::size_t skip_silent(std::size_t at, std::string_view name);
  void open(const Tag& tag);
  void close(std::string_view name);
  void close_implied(std::string_view name);
  void break_line();
  void text(std::size_t begin, std::size_t end);
  void character(std::string_view bytes);
  void blank();
  void add_link(std::string_view value, LinkChoice& links) const;
  void look(const Tag& tag);
  [[nodiscard]] bool visible() const { return visible_; }
  void settle() {
    const Element& top = stack_.back();
    visible_ = !top.hidden && !top.tiny && !colors_alike(top.color, top.background);
  }

  std::string_view html_;
  HtmlView& view_;
  HtmlLimits limits_;
  LinkChoice links_;
  LinkChoice sources_;
  std::vector<Element> stack_;
  HidingRules rules_;
  std::string scratch_;
  std::size_t overflow_ = 0;  // elements opened beyond the stack's limit
  std::size_t vain_bytes_ = 0;
  std::size_t next_close_ = 0;  // the first ">" behind what was read, once looked for
  unsigned unclosed_ = 0;       // bit i: silent_tags[i] is not closed any more
  bool visible_ = true;
};

void Reader::break_line() {
  std::string& out = view_.text;
  while (out.ends_with(' ')) out.pop_back();
  if (!out.empty() && !out.ends_with("\n\n")) out.push_back('\n');
}

void Reader::blank() {
  const std::string& out = view_.text;
  if (visible_ && !out.empty() && out.back() != ' ' && out.back() != '\n')
    view_.text.push_back(' ');
}

void Reader::character(std::string_view bytes) {
  if (!visible_) {
    view_.hidden_bytes += bytes.size();
  } else {
    view_.text += bytes;
  }
}

void Reader::text(std::size_t begin, std::size_t end) {
  std::size_t run = begin;
  for (std::size_t i = begin; i < end;) {
    const char c = html_[i];
    if (!is_blank(c) && c != '&') {
      ++i;
      continue;
    }
    character(html_.substr(run, i - run));
    std::size_t size = 1;
    if (c == '&') {
      scratch_.clear();
      size = read_html_reference(html_.substr(i, end - i), scratch_);
      if (scratch_ == " ") {
        blank();
      } else if (size != 0) {
        character(scratch_);
      } else {
        character("&");
        size = 1;
      }
    } else {
      blank();
    }
    i += size;
    run = i;
  }
  character(html_.substr(run, end - run));
}

std::size_t Reader::skip_silent(std::size_t at, std::string_view name) {
  const auto which =
      static_cast<unsigned>(std::ranges::find(silent_tags, name) - silent_tags.begin());
  const bool closed = (unclosed_ >> which & 1U) == 0;
  for (std::size_t end = closed ? html_.find("</", at) : std::string_view::npos;
       end != std::string_view::npos; end = html_.find("</", end + 2)) {
    if (!starts_ignoring_case(html_.substr(end + 2), name)) continue;
    if (name == "style") rules_.read(html_.substr(at, end - at));
    const std::size_t close = html_.find('>', end);
    return close == std::string_view::npos ? html_.size() : close + 1;
  }
  unclosed_ |= 1U << which;
  // Never closed: a browser shows what follows for some of them, and so do we.
  return name == "script" || name == "style" ? html_.size() : at;
}

void Reader::add_link(std::string_view value, LinkChoice& links) const {
  if (value.empty()) return;
  std::string link;
  value = value.substr(0, limits_.link_bytes);
  for (std::size_t i = 0; i < value.size();) {
    const std::size_t size = value[i] == '&' ? read_html_reference(value.substr(i), link) : 0;
    if (size != 0) {
      i += size;
      continue;
    }
    if (static_cast<unsigned char>(value[i]) > ' ') link.push_back(value[i]);
    ++i;
  }
  if (!link.empty()) links.add(std::move(link));
}

void Reader::close(std::string_view name) {
  const std::size_t reach = stack_.size() > close_search ? stack_.size() - close_search : 1;
  for (std::size_t i = stack_.size(); i-- > std::max<std::size_t>(reach, 1);) {
    if (stack_[i].name() != name) continue;
    if (overflow_ > 0) {
      --overflow_;
      return;
    }
    stack_.resize(i);
    settle();
    return;
  }
}

// <p> ends a <p>, a cell or row ends the one before.
void Reader::close_implied(std::string_view name) {
  const std::string_view top = stack_.back().name();
  const bool cell = name == "td" || name == "th";
  const bool ends = (name == "p" && top == "p") || (name == "li" && top == "li") ||
                    (cell && (top == "td" || top == "th")) ||
                    (name == "tr" && (top == "td" || top == "th" || top == "tr"));
  if (ends && stack_.size() > 1) stack_.pop_back();
}

void Reader::look(const Tag& tag) {
  if (tag.name == "img") {
    const bool pixel =
        (tag.width == "1" || tag.width == "0") && (tag.height == "1" || tag.height == "0");
    if (!pixel && visible_) ++view_.images;
  }
  if (tag.name == "img") add_link(tag.link, sources_);
  if (tag.name == "a" || tag.name == "area" || tag.name == "form") add_link(tag.link, links_);
}

void Reader::open(const Tag& tag) {
  close_implied(tag.name);
  settle();
  if (one_of(tag.name, void_tags)) return look(tag);
  if (stack_.size() >= stack_max) {
    ++overflow_;
    return look(tag);
  }
  Element element = stack_.back();
  element.name_size = tag.name.size();
  element.name_buffer = tag.name_buffer;
  HtmlStyle style;
  if (!tag.color.empty()) style.color = parse_color(tag.color);
  if (!tag.background.empty()) style.background = parse_color(tag.background);
  if (tag.pictured) style.background = HtmlStyle::picture;
  if (!tag.style.empty()) style.apply(tag.style);
  element.hidden = element.hidden || style.hidden || tag.hidden || rules_.hide(tag.classes, tag.id);
  element.tiny = style.tiny.value_or(element.tiny);
  element.color = style.color.value_or(element.color);
  element.background = style.background.value_or(element.background);
  stack_.push_back(element);
  settle();
  look(tag);
}

// At "<": moves behind the markup; what is none is text.
std::size_t Reader::read_markup(std::size_t at) {
  const std::string_view rest = html_.substr(at);
  if (rest.starts_with("<!--")) {
    return end_of_comment(html_, at);
  }
  const std::size_t reach = vain_bytes_ < vain_bytes_max ? tag_bytes : tag_bytes_late;
  Tag tag;
  std::size_t name = at + 1;
  tag.closing = name < html_.size() && html_[name] == '/';
  if (tag.closing) ++name;
  std::size_t end = name;
  while (end < html_.size() && end - name < name_bytes && is_name(html_[end])) ++end;
  const char first = name < html_.size() ? html_[name] : ' ';
  if (first == '!' || first == '?') {
    const std::size_t close = html_.substr(0, std::min(html_.size(), at + reach)).find('>', at);
    if (close != std::string_view::npos) return close + 1;
  }
  const char behind = end < html_.size() ? html_[end] : '>';
  if (next_close_ < at) next_close_ = std::min(html_.find('>', at), html_.size());
  const bool is_tag =
      next_close_ < html_.size() && is_letter(first) &&
      (behind == '>' || behind == '/' || is_blank(behind) || end - name == name_bytes);
  for (std::size_t i = name; i < end; ++i) {
    const char c = html_[i];
    tag.name_buffer[i - name] = base::ascii_lower(c);
  }
  tag.name = {tag.name_buffer.data(), end - name};
  const std::size_t after =
      is_tag ? read_attributes(html_, end, reach, tag) : std::string_view::npos;
  if (after == std::string_view::npos) {
    if (is_tag || first == '!' || first == '?') vain_bytes_ += std::min(reach, html_.size() - at);
    // "<a@b.example>" in careless HTML is text.
    character("<");
    return at + 1;
  }
  if (!tag.closing && one_of(tag.name, silent_tags)) return skip_silent(after, tag.name);
  if (one_of(tag.name, block_tags)) {
    break_line();
  } else if (tag.name == "td" || tag.name == "th") {
    blank();
  }
  if (tag.closing) {
    close(tag.name);
  } else {
    open(tag);
  }
  return after;
}

void Reader::run() {
  std::size_t at = 0;
  while (at < html_.size()) {
    if (view_.text.size() >= limits_.text_bytes) {
      view_.truncated = true;
      break;
    }
    if (html_[at] == '<') {
      at = read_markup(at);
      continue;
    }
    // In pieces, so that the limit of the text is kept.
    const std::size_t end = std::min({html_.find('<', at), html_.size(), at + limits_.text_bytes});
    text(at, end);
    at = end;
  }
  if (view_.text.size() > limits_.text_bytes) view_.text.resize(limits_.text_bytes);
  view_.truncated = view_.truncated || links_.chose() || sources_.chose();
}

}  // namespace

std::size_t read_html_reference(std::string_view text, std::string& out) {
  if (text.size() < 3) return 0;
  if (text[1] != '#') {
    std::size_t end = 1;
    while (end < text.size() && end < reference_bytes && is_name(text[end])) ++end;
    const std::string_view name = text.substr(1, end - 1);
    const bool closed = end < text.size() && text[end] == ';';
    if (!closed && !one_of(name, lone_references)) return 0;
    const std::uint32_t point = html_entity(name);
    if (point == 0) return 0;
    append_code_point(point, out);
    return end + (closed ? 1 : 0);
  }
  const bool hex = (text[2] | 0x20) == 'x';
  std::size_t at = hex ? 3 : 2;
  const std::size_t begin = at;
  std::uint32_t point = 0;
  for (; at < text.size() && at < reference_bytes; ++at) {
    const int digit = hex_digit(text[at]);
    if (digit < 0 || (!hex && digit > 9)) break;
    point = std::min<std::uint32_t>(point * (hex ? 16U : 10U) + static_cast<std::uint32_t>(digit),
                                    0x110000);
  }
  if (at == begin) return 0;
  if (point == 0xA0 || point == '\t' || point == '\n' || point == '\r') point = ' ';
  const bool valid = point >= ' ' && point <= 0x10FFFF && (point < 0xD800 || point >= 0xE000);
  append_code_point(valid ? point : 0xFFFD, out);
  return at + (at < text.size() && text[at] == ';' ? 1 : 0);
}

void read_html(std::string_view html, HtmlView& view, HtmlLimits limits) {
  view.text.clear();
  view.links.clear();
  view.sources.clear();
  view.images = view.hidden_bytes = 0;
  view.truncated = false;
  Reader(html, view, limits).run();
}

}  // namespace leumund::wire
