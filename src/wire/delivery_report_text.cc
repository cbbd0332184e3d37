#include "wire/delivery_report_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "wire/delivery_report_answer.h"
#include "wire/delivery_report_lines.h"
#include "wire/delivery_report_phrases.h"
#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

// How sure it is that an address is a failed recipient.
enum Weight : int {
  is_sender = 0,
  in_prose = 1,
  mid_paragraph = 2,
  named = 3,   // inside an answer, or behind "to", "recipient", "mailbox"
  listed = 4,  // alone at the front of its line, or behind a key
};

struct Mention {
  std::size_t line = 0;
  std::size_t begin = 0;  // in Line::text
  std::size_t end = 0;    // behind the address and its closing bracket
  std::string_view address;
  int weight = in_prose;
};

// --- which addresses are recipients
// ---------------------------------------------------------------

bool is_bullet(std::string_view before) {
  std::size_t digits = 0;
  for (const char c : before) {
    if (c >= '0' && c <= '9') {
      ++digits;
    } else if (std::string_view(" \t*-.)(<[>\"'|").find(c) == std::string_view::npos &&
               static_cast<unsigned char>(c) < 0x80) {
      return false;
    } else if (static_cast<unsigned char>(c) >= 0xE0 && before.size() > 6) {
      return false;  // words of another script
    }
  }
  return digits <= 2;
}

struct Key {
  std::string_view words;
  int weight;
};
// What stands before ":" or "=" and an address; matched at the end of what is before it.
constexpr std::array address_keys = {
    Key{"message-id", is_sender},
    Key{"mail from", is_sender},
    Key{"envelope-from", is_sender},
    Key{"return-path", is_sender},
    Key{"reply-to", is_sender},
    Key{"sender", is_sender},
    Key{"from", is_sender},
    Key{"von", is_sender},
    Key{"absender", is_sender},
    Key{"de", is_sender},
    Key{"cc", in_prose},
    Key{"bcc", in_prose},
    Key{"rcpt to", listed},
    Key{"rcpt", listed},
    Key{"smtp", listed},  // X.400, as old Exchange names whom it wrote to
    Key{"addressed to", listed},
    Key{"delivered to", listed},
    Key{"deliver to", listed},
    Key{"sent to", listed},
    Key{"recipient", listed},
    Key{"recipients", listed},
    Key{"recipient(s)", listed},
    Key{"recipient address", listed},
    Key{"failed recipient", listed},
    Key{"address", listed},
    Key{"addresses", listed},
    Key{"user", listed},
    Key{"mailbox", listed},
    Key{"size", listed},
    Key{"unknown user", listed},
    Key{"user unknown", listed},
    Key{"unknown", listed},
    Key{"empf\xC3\xA4nger", listed},
    Key{"destinataire", listed},
    Key{"destinatario", listed},
    Key{"destinat\xC3\xA1rio", listed},
    Key{"adresse", listed},
    Key{"intended recipient", listed},
    Key{"following", listed},
    Key{"to", mid_paragraph},
    Key{"an", mid_paragraph},
};

// What stands right before an address in prose.
constexpr std::array<std::string_view, 22> prepositions = {
    "to",         "for",        "recipient",
    "recipients", "address",    "user",
    "mailbox",    "an",         "for:",
    "an:",        "user:",      "addressee",
    "para",       "\xC3\xA0",   "recipient's",
    "subscriber", "member",     "account",
    "adresse",    "f\xC3\xBCr", "empf\xC3\xA4nger",
    "list"};

std::string_view last_word(std::string_view text) {
  const std::size_t blank = text.find_last_of(" \t(\"'");
  return blank == std::string_view::npos ? text : text.substr(blank + 1);
}

int weight_behind_key(std::string_view key) {
  key = trim_blanks(key);
  for (const auto& known : address_keys) {
    if (key.size() < known.words.size()) continue;
    const std::size_t at = key.size() - known.words.size();
    if (at > 0 && key[at - 1] != ' ' && key[at - 1] != '\t' && key[at - 1] != '-' &&
        key[at - 1] != '(' && key[at - 1] != '<' && key[at - 1] != ';' && key[at - 1] != ':') {
      continue;
    }
    if (equal_ignoring_case(key.substr(at), known.words)) return known.weight;
  }
  return in_prose;
}

constexpr std::size_t near_bytes = 200;

// Weighs one address by what stands before and behind it in its line.
int weigh(const std::vector<Line>& lines, const Mention& mention, bool earlier_in_line) {
  const Line& line = lines[mention.line];
  // A line may be the whole text: what is far away says nothing about the address.
  const std::size_t far = mention.begin > near_bytes ? mention.begin - near_bytes : 0;
  std::string_view before = line.text.substr(far, mention.begin - far);
  const std::string_view behind = line.text.substr(mention.end, near_bytes);
  const bool bracket = before.ends_with('<');
  if (bracket) before.remove_suffix(1);
  const std::string_view trimmed = trim_blanks(before);

  if (line.content().starts_with(">>>")) {
    return contains_ignoring_case(before, "rcpt") ? named : is_sender;
  }
  if (far == 0 && is_bullet(trimmed)) {
    const bool first = mention.line == 0 || lines[mention.line - 1].blank();
    const bool colon = behind.starts_with(':') || behind.starts_with(" :");
    const Line* const previous = mention.line > 0 ? &lines[mention.line - 1] : nullptr;
    const bool introduced = first || previous->text.ends_with(':') ||
                            is_separator(previous->content()) || line.indent > previous->indent ||
                            find_address(previous->content().substr(0, near_bytes)).has_value();
    if (colon || introduced || !trimmed.empty()) return listed;
    // Alone in its line, even under other words.
    return trim_blanks(behind).empty() ? listed : mid_paragraph;
  }
  if (equal_ignoring_case(last_word(trimmed), "mailto:") || trimmed.ends_with("mailto:")) {
    return earlier_in_line ? in_prose : listed;
  }
  if (trimmed.ends_with(':') || trimmed.ends_with('=')) {
    return weight_behind_key(trimmed.substr(0, trimmed.size() - 1));
  }
  if (find_answer(trimmed) && find_answer(trimmed)->begin <= 12) {
    // "550 <a@b>... User unknown"
    return behind.starts_with("...") || behind.starts_with(":") || bracket ? named : mid_paragraph;
  }
  std::string_view unquoted = trimmed;  // "addressed to 'a@b.example'"
  while (unquoted.ends_with('\'') || unquoted.ends_with('"')) unquoted.remove_suffix(1);
  const std::string_view word = last_word(trim_blanks(unquoted));
  for (const std::string_view preposition : prepositions) {
    if (!equal_ignoring_case(word, preposition)) continue;
    // "undeliverable to a@b.example: reason" begins an entry; in a sentence no colon follows.
    return far == 0 && trimmed.size() < 32 && behind.starts_with(':') ? listed : named;
  }
  if (line.phrases & phrase_bit(Phrase::failure)) return mid_paragraph;
  return in_prose;
}

bool is_role_address(std::string_view address) {
  const std::string_view local = address.substr(0, address.find('@'));
  for (const std::string_view role :
       {"postmaster", "mailer-daemon", "abuse", "support", "helpdesk", "hostmaster", "noreply"}) {
    if (equal_ignoring_case(local, role)) return true;
  }
  return false;
}

// The sender is often named in a line or paragraph of his own before the recipients.
bool introduced_as_sender(const std::vector<Line>& lines, std::size_t at) {
  // A Message-ID looks like an address.
  if (at > 0 && equal_ignoring_case(lines[at - 1].content(), "message-id:")) return true;
  if (lines[at].phrases & phrase_bit(Phrase::sender)) return true;
  std::size_t above = at;
  while (above > 0 && at - above < 2) {
    --above;
    if (lines[above].blank()) continue;
    const std::string_view words = lines[above].text;
    // "... please contact our desk." ends what it says.
    const bool leads = (above + 1 < at && !words.ends_with('.')) || words.ends_with(':') ||
                       words.ends_with(" by") || words.ends_with(" from") ||
                       words.ends_with(" von");
    return leads && !find_answer(words.substr(0, near_bytes)) &&
           (lines[above].phrases & phrase_bit(Phrase::sender)) != 0 &&
           (lines[above].phrases & phrase_bit(Phrase::failure)) == 0 &&
           !find_address(lines[above].text.substr(0, near_bytes));
  }
  return false;
}

// A second recipient right below the words about the first, at the front of its line as he was.
bool same_column_as_last(const std::vector<Line>& lines, const std::vector<Mention>& mentions,
                         const Mention& mention) {
  if (mentions.empty() || mentions.back().weight != listed) return false;
  const Mention& last = mentions.back();
  if (last.line == mention.line || lines[last.line].indent != lines[mention.line].indent ||
      mention.line - last.line > 12 || last.begin != mention.begin) {
    return false;
  }
  for (std::size_t i = last.line + 1; i < mention.line; ++i) {
    if (lines[i].blank()) return false;
  }
  return true;
}

std::vector<Mention> find_mentions(const std::vector<Line>& lines, const TextHints& hints) {
  constexpr std::size_t most = 4'000;
  std::vector<Mention> mentions;
  for (std::size_t i = 0; i < lines.size() && mentions.size() < most; ++i) {
    const std::string_view text = lines[i].text;
    bool earlier = false;
    if (text.find('@') == std::string_view::npos) continue;
    for (auto place = find_address(text); place;
         place = find_address(text, place->begin + place->size)) {
      Mention mention;
      mention.line = i;
      mention.begin = place->begin;
      mention.end = place->begin + place->size;
      mention.address = place->in(text);
      if (mention.end < text.size() && text[mention.end] == '>') ++mention.end;
      mention.weight = weigh(lines, mention, earlier);
      if (mention.weight == mid_paragraph && same_column_as_last(lines, mentions, mention)) {
        mention.weight = listed;
      }
      if (mention.weight <= listed && mention.weight > is_sender &&
          introduced_as_sender(lines, i) && mention.weight != named) {
        mention.weight = is_sender;
      }
      if (equal_ignoring_case(mention.address, hints.addressee)) {
        // "Sorry a@b.example, ..." speaks to him, "... to a@b.example" may be about him.
        mention.weight = std::max(mention.weight - 2, mention.weight <= in_prose ? 0 : 1);
      } else if (equal_ignoring_case(mention.address, hints.reporter) ||
                 (is_role_address(mention.address) && mention.weight < listed)) {
        mention.weight = std::min<int>(mention.weight, in_prose);
      }
      mentions.push_back(mention);
      earlier = true;
      if (mentions.size() >= most) break;
    }
  }
  return mentions;
}

// --- the words beside a recipient
// -----------------------------------------------------------------

// Without what wraps an answer: dialogue marks, bullets, "(reason: ... )".
std::string_view stripped(std::string_view content) {
  if (const std::size_t mark = content.find("<<< "); mark != std::string_view::npos && mark < 20) {
    content.remove_prefix(mark + 4);
  }
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view mark : {"<- ", "-> ", "* ", "-- "}) {
      if (content.starts_with(mark)) {
        content.remove_prefix(mark.size());
        again = true;
      }
    }
  }
  if (content.size() > 2 && content.starts_with('(') && content.ends_with(')')) {
    content = content.substr(1, content.size() - 2);
    if (starts_ignoring_case(content, "reason: ")) content.remove_prefix(8);
  }
  return content;
}

void append_line(std::string_view line, std::size_t limit, std::string& out) {
  line = trim_blanks(line);
  if (line.empty() || out.size() >= limit) return;
  if (!out.empty()) out.push_back(' ');
  out.append(line.substr(0, limit - out.size()));
}

// Cuts in the middle of a UTF-8 sequence are taken back.
void drop_cut_character(std::string& text) {
  std::size_t tail = 0;
  while (tail < 4 && tail < text.size() &&
         (static_cast<unsigned char>(text[text.size() - 1 - tail]) & 0xC0U) == 0x80U) {
    ++tail;
  }
  if (tail >= text.size()) return;
  const auto lead = static_cast<unsigned char>(text[text.size() - 1 - tail]);
  const std::size_t wanted = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (lead >= 0xC0 && tail < wanted) text.resize(text.size() - 1 - tail);
}

class WordGatherer {
 public:
  WordGatherer(const std::vector<Line>& lines, const std::vector<Mention>& chosen,
               const TextHints& hints)
      : lines_(lines), hints_(hints), starts_(lines.size(), false) {
    const Mention* entry = nullptr;  // the mention with which the recipient's words begin
    const Mention* last = nullptr;
    for (const auto& mention : chosen) {
      // Named again inside his own answer: "... after RCPT TO:<a@b>:", below it "550 <a@b>... no";
      // or in a line that goes on deeper than the one he stands in.
      const bool inside =
          entry != nullptr &&
          (mention.weight < listed || lines_[mention.line].indent > lines_[entry->line].indent);
      const bool again = inside && last->line < mention.line && same_entry(*last, mention);
      if (!again) {
        starts_[mention.line] = true;
        entry = &mention;
      }
      last = &mention;
    }
  }

  // Lines in which a recipient begins.
  [[nodiscard]] const std::vector<bool>& starts() const { return starts_; }

  [[nodiscard]] std::string words_of(const Mention& mention) const {
    std::string out;
    const Line& line = lines_[mention.line];
    // "User mailbox exceeds allowed size: a@b.example" has its reason in front.
    const bool reason_in_front = mention.begin > line.indent + 24;
    if (mention.weight >= listed && !reason_in_front) {
      std::string_view rest = line.text.substr(mention.end);
      while (!rest.empty() && (rest[0] == ':' || rest[0] == ' ' || rest[0] == '>' ||
                               rest[0] == ',' || rest[0] == ';' || rest[0] == '\t')) {
        rest.remove_prefix(1);
      }
      if (starts_ignoring_case(rest, "mailto:")) rest = {};
      // "Unknown user: a@b.example" has said it all.
      const bool said = rest.empty() && (line.phrases & phrase_bit(Phrase::failure)) != 0;
      append_line(stripped(said ? line.content() : rest), hints_.answer_bytes, out);
    } else {
      append_line(stripped(line.content()), hints_.answer_bytes, out);
    }
    for (std::size_t i = mention.line + 1; i < lines_.size() && out.size() < hints_.answer_bytes;
         ++i) {
      if (lines_[i].blank() || starts_[i] || is_separator(lines_[i].content())) break;
      if (lines_[i].content().starts_with(">>> ") || is_message_header(lines_[i].content()))
        continue;
      append_line(stripped(lines_[i].content()), hints_.answer_bytes, out);
    }
    drop_cut_character(out);
    return out;
  }

 private:
  // Of the same recipient, and no empty line between the two.
  [[nodiscard]] bool same_entry(const Mention& above, const Mention& below) const {
    if (!equal_ignoring_case(above.address, below.address)) return false;
    for (std::size_t i = above.line + 1; i < below.line; ++i) {
      if (lines_[i].blank()) return false;
    }
    return true;
  }

  const std::vector<Line>& lines_;
  const TextHints& hints_;
  std::vector<bool> starts_;
};

// Answers anywhere in the notice: from the code to the end of its paragraph or the next answer.
std::vector<std::string> gather_answers(const std::vector<Line>& lines,
                                        const std::vector<bool>& recipient_lines,
                                        const TextHints& hints) {
  constexpr std::size_t most = 200;
  std::vector<std::string> answers;
  for (std::size_t i = 0; i < lines.size() && answers.size() < most; ++i) {
    const std::string_view content = lines[i].content();
    if (content.empty() || content.starts_with(">>>")) continue;
    const auto answer = find_answer(content);
    if (!answer) continue;
    std::string text;
    // "mailbox unavailable [SMTP error code 550]" says it in front of the code.
    const std::string_view behind = content.substr(answer->begin + 3);
    const bool words_behind = std::any_of(behind.begin(), behind.end(), [](char c) {
      return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || static_cast<unsigned char>(c) >= 0x80;
    });
    append_line(words_behind ? content.substr(answer->begin) : content, hints.answer_bytes, text);
    for (; i + 1 < lines.size(); ++i) {
      const Line& next = lines[i + 1];
      if (next.blank() || recipient_lines[i + 1] || is_separator(next.content()) ||
          next.content().starts_with(">>>")) {
        break;
      }
      const std::string_view words = stripped(next.content());
      const auto another = find_answer(words);
      if (another && another->begin == 0 && another->code != answer->code) break;
      append_line(words, hints.answer_bytes, text);
    }
    drop_cut_character(text);
    if (std::find(answers.begin(), answers.end(), text) == answers.end()) {
      answers.push_back(std::move(text));
    }
  }
  return answers;
}

void choose_recipients(const std::vector<Line>& lines, const std::vector<Mention>& mentions,
                       const TextHints& hints, TextReport& report) {
  std::vector<Mention> chosen;
  if (!hints.known.empty()) {
    for (const auto& mention : mentions) {
      if (std::any_of(hints.known.begin(), hints.known.end(), [&](const std::string& known) {
            return equal_ignoring_case(known, mention.address);
          })) {
        chosen.push_back(mention);
      }
    }
    report.certainty = listed;
  } else {
    int heaviest = is_sender;
    for (const auto& mention : mentions) heaviest = std::max(heaviest, mention.weight);
    report.certainty = heaviest;
    if (heaviest > is_sender) {
      for (const auto& mention : mentions) {
        if (mention.weight == heaviest) chosen.push_back(mention);
      }
    }
  }
  for (const auto& known : hints.known) report.recipients.push_back({known, ""});
  const WordGatherer gatherer(lines, chosen, hints);
  report.answers = gather_answers(lines, gatherer.starts(), hints);
  for (const auto& mention : chosen) {
    const auto same = std::find_if(
        report.recipients.begin(), report.recipients.end(), [&](const TextRecipient& recipient) {
          return equal_ignoring_case(recipient.recipient, mention.address);
        });
    std::string words = gatherer.words_of(mention);
    // A sentence that only names the recipient ("error delivering your mail to <a@b>.") is no
    // answer.
    if (mention.weight < listed && !find_answer(words)) words.clear();
    if (same == report.recipients.end()) {
      if (report.recipients.size() >= hints.max_recipients) return;
      report.recipients.push_back({std::string(mention.address), std::move(words)});
    } else if ((same->text.empty() || (!find_answer(same->text) && find_answer(words)))) {
      same->text = std::move(words);
    }
  }
}

}  // namespace

TextReport read_report_text(std::string_view text, const TextHints& hints) {
  TextReport report;
  report.returned = text.size();
  std::vector<Line> lines = split_lines(text);
  if (lines.empty()) return report;
  const std::size_t cut = returned_line(lines);
  if (cut < lines.size()) {
    report.returned = lines[cut].begin;
    lines.resize(cut);
  }
  for (const auto& line : lines) report.phrases |= line.phrases;
  choose_recipients(lines, find_mentions(lines, hints), hints, report);
  for (const auto& line : lines) {
    if (report.notice.size() >= 2 * hints.answer_bytes) break;
    report.notice.append(line.text.substr(0, 2 * hints.answer_bytes - report.notice.size()));
    report.notice.push_back('\n');
  }
  drop_cut_character(report.notice);
  return report;
}

}  // namespace leumund::wire
