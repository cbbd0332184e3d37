#include "face/postfix_text.h"

#include <algorithm>

#include "base/trimmed.h"

namespace leumund::face {
namespace {

using base::trimmed;

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool only_blanks(std::string_view line) { return std::all_of(line.begin(), line.end(), blank); }

// What a line that begins an entry names: "NAME" of "NAME = VALUE", "NAME/TYPE" of a service.
std::string name_of(PostfixFile file, std::string_view line) {
  if (file == PostfixFile::main_cf) return std::string(trimmed(line.substr(0, line.find('='))));
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view rest = trimmed(line.substr(end));
  const std::string_view type = rest.substr(0, rest.find_first_of(" \t"));
  return std::string(line.substr(0, end)) + "/" + std::string(type);
}

// One entry with its lines, from the first to the last that continues it.
struct Entry {
  std::size_t begin = 0;
  std::size_t end = 0;  // behind the line feed of its last line
  std::vector<std::string_view> lines;
};

struct Entries {
  std::map<std::string, Entry> by_name;  // the last of a name
  std::vector<std::string> repeated;

  [[nodiscard]] const Entry* find(const std::string& name) const {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool is_repeated(const std::string& name) const {
    return std::find(repeated.begin(), repeated.end(), name) != repeated.end();
  }
};

Entries read_entries(PostfixFile file, std::string_view text) {
  Entries out;
  Entry* open = nullptr;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t feed = std::min(text.find('\n', at), text.size());
    const std::size_t next = std::min(feed + 1, text.size());
    const std::string_view line = text.substr(at, feed - at);
    // Empty lines and comments neither begin nor end anything, also inside of an entry.
    const bool nothing = only_blanks(line) || trimmed(line).front() == '#';
    if (!nothing && blank(line.front())) {
      if (open != nullptr) {
        open->end = next;
        open->lines.push_back(line);
      }
    } else if (!nothing) {
      const std::string name = name_of(file, line);
      if (out.by_name.contains(name)) out.repeated.push_back(name);
      out.by_name[name] = Entry{at, next, {line}};
      open = &out.by_name[name];
    }
    at = next;
  }
  return out;
}

std::string_view text_of(std::string_view text, const Entry* entry) {
  return entry == nullptr ? std::string_view()
                          : text.substr(entry->begin, entry->end - entry->begin);
}

TextUndo take_back(PostfixFile file, std::string_view now, const PostfixFileCopy& copy,
                   const std::vector<std::string>& names) {
  const Entries before = read_entries(file, copy.before);
  const Entries after = read_entries(file, copy.after);
  const Entries present = read_entries(file, now);
  struct Edit {
    const Entry* place;
    std::string_view text;
  };
  std::vector<Edit> edits;
  TextUndo undo;
  for (const std::string& name : names) {
    const Entry* ours = after.find(name);
    const Entry* place = present.find(name);
    const bool twice =
        before.is_repeated(name) || after.is_repeated(name) || present.is_repeated(name);
    if (twice || ours == nullptr || place == nullptr ||
        text_of(now, place) != text_of(copy.after, ours)) {
      undo.left.push_back(name);
      continue;
    }
    edits.push_back({place, text_of(copy.before, before.find(name))});
  }
  std::sort(edits.begin(), edits.end(),
            [](const Edit& a, const Edit& b) { return a.place->begin < b.place->begin; });
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.place->begin < at) continue;  // named twice
    undo.text += now.substr(at, edit.place->begin - at);
    undo.text += edit.text;
    at = edit.place->end;
  }
  undo.text += now.substr(at);
  return undo;
}

}  // namespace

std::map<std::string, std::string> main_definitions(std::string_view text) {
  std::map<std::string, std::string> out;
  for (const auto& [name, entry] : read_entries(PostfixFile::main_cf, text).by_name) {
    std::string value;
    for (const std::string_view line : entry.lines) value += line;
    const auto equals = value.find('=');
    if (equals == std::string::npos) continue;
    out[name] = std::string(trimmed(std::string_view(value).substr(equals + 1)));
  }
  return out;
}

std::optional<TextUndo> undo_text(PostfixFile file, std::string_view now,
                                  const PostfixFileCopy& copy,
                                  const std::vector<std::string>& names) {
  if (now == copy.after) return TextUndo{copy.before, {}};
  // What cannot give back the text of before from our own copies cannot from an edited one.
  const TextUndo tried = take_back(file, copy.after, copy, names);
  if (!tried.left.empty() || tried.text != copy.before) return std::nullopt;
  return take_back(file, now, copy, names);
}

}  // namespace leumund::face
