// main.cf and master.cf as text: what they define, and taking our part back without touching a byte
// of what others wrote.
//
// Flow:    the text before our change, after it and now -> the text without our change.
// Limits:  none of its own; whoever reads the files bounds them.
// Threads: any; pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "face/postfix_record.h"

namespace leumund::face {

enum class PostfixFile { main_cf, master_cf };

// "NAME = VALUE" of main.cf as Postfix reads it: the last definition of a name counts, lines that
// continue it are joined. `postconf -n` leaves out what nobody refers to; this does not.
[[nodiscard]] std::map<std::string, std::string> main_definitions(std::string_view text);

struct TextUndo {
  std::string text;
  // Parameters or services ("127.0.0.1:587/inet") that somebody has edited since, left as they
  // are: to be taken back by value.
  std::vector<std::string> left;
};

// Gives each of `names` (parameters of main.cf, services of master.cf) the lines it had before,
// where its lines are still those of after our change. Nothing when the copies do not fit together.
[[nodiscard]] std::optional<TextUndo> undo_text(PostfixFile file, std::string_view now,
                                                const PostfixFileCopy& copy,
                                                const std::vector<std::string>& names);

}  // namespace leumund::face
