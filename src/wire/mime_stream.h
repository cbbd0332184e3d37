// Cuts a message's body into its parts as the bytes come by, in memory that does not grow with it.
//
// Reads what scan_mime() reads, including what is broken: a missing terminator, an outer boundary
// inside an unclosed inner part, a boundary that differs from the one the header names, parts
// without headers or without an empty line behind them. Unlike it, it never looks back, so that a
// milter can feed it.
//
// Flow:    milter, event or file -> MimeStream -> PartSink (MessageReader).
// Limits:  MimeStreamLimits. Of a part's header only the fields that StreamPart tells are kept, two
//          of each name, so that no others hide them. What is nested deeper than `depth`, and all
//          that comes after `parts`, is one part with `rest` set: its bytes as they are.
// Threads: none of its own.
// Errors:  none: every input has at least one part; limits() and broken() say what was met.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wire/mime.h"

namespace leumund::wire {

struct MimeStreamLimits {
  std::size_t parts = 20'000;
  std::size_t depth = 1'000;
  std::size_t field_bytes = 16UL * 1024;
};

struct StreamPart {
  MimeKind kind = MimeKind::text_plain;
  TransferEncoding encoding = TransferEncoding::identity;
  std::size_t depth = 0;
  bool attached = false;          // Content-Disposition: attachment
  std::string_view content_type;  // value of the field; "" when there is none
  std::string_view disposition;   // value of the field
  bool rest = false;              // over the limits: parts may be within, with their headers
};

// Of two fields Content-Type, where `a` may be "": programs differ in which they believe, and only
// the parts of a multipart are readable to those that believe the other one.
[[nodiscard]] std::string_view more_telling_type(std::string_view a, std::string_view b);
// Likewise of two fields Content-Transfer-Encoding: what is not encoded is told by its bytes.
[[nodiscard]] std::string_view more_telling_encoding(std::string_view a, std::string_view b);

class PartSink {
 public:
  virtual ~PartSink() = default;
  // Parts nest: a multipart and a message end after the parts within them.
  virtual void part_begins(const StreamPart& part) = 0;
  // The bytes as sent. What stands before, between and behind the parts of a multipart comes too.
  virtual void part_bytes(std::string_view bytes) = 0;
  virtual void part_ends() = 0;
};

class MimeStream {
 public:
  // `sink` outlives the stream.
  explicit MimeStream(PartSink& sink, MimeStreamLimits limits = {});

  // Begins a message with the values of its own header fields, "" for those it has not.
  void begin(std::string_view content_type, std::string_view encoding,
             std::string_view disposition);
  void feed(std::string_view bytes);
  // Closes what is open.
  void end();

  [[nodiscard]] bool over_limits() const { return over_limits_; }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  struct Open {
    MimeKind kind = MimeKind::text_plain;
    std::string boundary;    // "" for what is no multipart
    std::size_t before = 0;  // the level, from 1 on, that had the same boundary; 0 for none
    bool adoptable = false;  // the next line of the form "--X" before "Content-" is its boundary
    bool seen = false;
  };

  void open_part(std::string_view content_type, std::string_view encoding,
                 std::string_view disposition);
  void open_rest();
  // Of the innermost part; "" to forget it.
  void set_boundary(std::string_view boundary);
  void close_parts(std::size_t keep);
  void header_line(std::string_view line);
  void keep_field(std::string_view line, bool folded);
  void begin_header();
  void end_header();
  // A complete line of a body, or as much of it as could be a boundary; true when it was one.
  bool body_line(std::string_view line);
  bool is_boundary(std::string_view line);
  void enter_part(std::size_t level, bool last);
  [[nodiscard]] bool may_adopt(std::string_view line) const;
  void feed_header(std::string_view& bytes);
  void feed_body(std::string_view& bytes);
  bool gather_line(std::string_view& bytes);
  void emit(std::string_view bytes);
  void hold_line_end(std::string_view end);

  PartSink& sink_;
  MimeStreamLimits limits_;
  std::vector<Open> open_;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> levels_;  // of boundaries
  std::string line_;        // what is gathered of a line, with its end
  std::string header_;      // of the part that begins, as far as it is kept
  std::string odd_line_;    // one line within a header that is no header line
  std::string adopt_line_;  // a line that is a boundary if a header follows
  std::string held_;        // a line end that may belong to a boundary
  std::size_t parts_ = 0;
  std::array<unsigned char, 3> fields_kept_{};  // how many by name
  std::size_t field_left_ = 0;                  // bytes of the field that is read
  bool header_seen_ = false;                    // it has a line
  bool in_header_ = false;
  bool in_rest_ = false;
  bool line_start_ = true;
  bool content_seen_ = false;  // the innermost part has more than blank lines
  bool over_limits_ = false;
  bool broken_ = false;
};

}  // namespace leumund::wire
