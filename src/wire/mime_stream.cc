#include "wire/mime_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t boundary_bytes = 256;  // RFC 2046 allows 70
constexpr std::size_t header_line_bytes = 16UL * 1024;
constexpr std::array<std::string_view, 3> fields_read = {
    "Content-Type", "Content-Transfer-Encoding", "Content-Disposition"};
constexpr unsigned fields_of_a_name = 2;

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view without_trailing_blanks(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::string_view more_telling_type(std::string_view a, std::string_view b) {
  const bool second =
      mime_kind_of(b) == MimeKind::multipart && mime_kind_of(a) != MimeKind::multipart;
  return a.empty() || second ? b : a;
}

std::string_view more_telling_encoding(std::string_view a, std::string_view b) {
  return transfer_encoding_of(a) == TransferEncoding::identity ? b : a;
}

MimeStream::MimeStream(PartSink& sink, MimeStreamLimits limits) : sink_(sink), limits_(limits) {}

void MimeStream::begin(std::string_view content_type, std::string_view encoding,
                       std::string_view disposition) {
  open_.clear();
  levels_.clear();
  line_.clear();
  header_.clear();
  odd_line_.clear();
  adopt_line_.clear();
  held_.clear();
  parts_ = 0;
  line_start_ = true;
  over_limits_ = broken_ = false;
  in_header_ = in_rest_ = false;
  open_part(content_type, encoding, disposition);
  // An event may hold the MIME body without the headers that describe it.
  if (content_type.empty()) open_.back().adoptable = true;
}

void MimeStream::set_boundary(std::string_view boundary) {
  Open& open = open_.back();
  if (!open.boundary.empty()) {
    const auto known = levels_.find(open.boundary);
    if (open.before == 0) {
      levels_.erase(known);
    } else {
      known->second = open.before;
    }
  }
  open.boundary = boundary;
  if (boundary.empty()) return;
  std::size_t& level = levels_[open.boundary];
  open.before = std::exchange(level, open_.size());
}

void MimeStream::open_rest() {
  over_limits_ = true;
  StreamPart part;
  part.depth = open_.size();
  part.rest = true;
  open_.emplace_back();
  content_seen_ = false;
  line_start_ = true;
  sink_.part_begins(part);
}

void MimeStream::open_part(std::string_view content_type, std::string_view encoding,
                           std::string_view disposition) {
  StreamPart part;
  // RFC 2045: what is no type is plain text.
  const bool has_type = content_type.substr(0, limits_.field_bytes).find('/') != content_type.npos;
  part.kind = has_type ? mime_kind_of(content_type) : MimeKind::text_plain;
  part.encoding = transfer_encoding_of(encoding);
  part.depth = open_.size();
  part.attached = starts_ignoring_case(trim_blanks(disposition), "attachment");
  part.content_type = content_type;
  part.disposition = disposition;
  const bool holds_parts = part.kind == MimeKind::multipart || part.kind == MimeKind::message;
  if (holds_parts && open_.size() >= limits_.depth) return open_rest();
  open_.emplace_back().kind = part.kind;
  if (part.kind == MimeKind::multipart) {
    std::string boundary = header_parameter(content_type, "boundary").value_or("");
    while (boundary.ends_with(' ')) boundary.pop_back();
    if (boundary.size() <= boundary_bytes) set_boundary(boundary);
    open_.back().adoptable = true;
  }
  ++parts_;
  content_seen_ = false;
  line_start_ = true;
  sink_.part_begins(part);
  // A message within the message: its header comes first. An encoded one is an attachment.
  if (part.kind == MimeKind::message && part.encoding == TransferEncoding::identity) begin_header();
}

void MimeStream::close_parts(std::size_t keep) {
  while (open_.size() > keep) {
    const Open& open = open_.back();
    if (open.kind == MimeKind::multipart && !open.seen) broken_ = true;
    set_boundary("");
    open_.pop_back();
    sink_.part_ends();
  }
}

void MimeStream::emit(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!held_.empty()) {
    sink_.part_bytes(held_);
    held_.clear();
  }
  content_seen_ = true;
  sink_.part_bytes(bytes);
}

void MimeStream::hold_line_end(std::string_view end) {
  if (!held_.empty()) sink_.part_bytes(held_);
  held_ = end;
}

void MimeStream::header_line(std::string_view with_end) {
  const std::string_view line = without_end(with_end);
  if (line.empty() || line.find_first_not_of(" \t") == std::string_view::npos) {
    odd_line_.clear();
    end_header();
    return;
  }
  const bool name = header_name_size(line) != 0;
  const bool folded = line[0] == ' ' || line[0] == '\t';
  if (name || folded || line.starts_with("From ") || line.starts_with(">From ")) {
    odd_line_.clear();
    header_seen_ = true;
    keep_field(with_end, folded);
    return;
  }
  if (line.starts_with("--")) {
    // A part that ends within its header.
    const std::string boundary(with_end);
    const std::string odd = std::move(odd_line_);
    odd_line_.clear();
    end_header();
    if (!odd.empty()) {
      emit(without_end(odd));
      hold_line_end("\n");
    }
    if (!body_line(boundary)) {
      emit(without_end(boundary));
      hold_line_end("\n");
    }
    return;
  }
  if (odd_line_.empty() && header_seen_) {
    odd_line_ = with_end;
    return;
  }
  // A body without an empty line above it.
  broken_ = true;
  const std::string body = odd_line_ + std::string(with_end);
  odd_line_.clear();
  end_header();
  std::string_view rest = body;
  while (!rest.empty()) {
    if (in_header_) {
      feed_header(rest);
    } else {
      feed_body(rest);
    }
  }
}

void MimeStream::keep_field(std::string_view line, bool folded) {
  if (!folded) {
    field_left_ = 0;
    const std::string_view name = line.substr(0, header_name_size(line));
    for (std::size_t i = 0; i < fields_read.size(); ++i) {
      if (!equal_ignoring_case(name, fields_read[i])) continue;
      if (fields_kept_[i] == fields_of_a_name) return;
      ++fields_kept_[i];
      field_left_ = limits_.field_bytes;
    }
  }
  if (field_left_ == 0) return;
  over_limits_ = over_limits_ || line.size() > field_left_;
  line = line.substr(0, field_left_);
  header_ += line;
  field_left_ -= line.size();
  if (!header_.ends_with('\n')) header_.push_back('\n');
}

void MimeStream::begin_header() {
  header_.clear();
  fields_kept_ = {};
  field_left_ = 0;
  header_seen_ = false;
  in_header_ = true;
}

void MimeStream::end_header() {
  in_header_ = false;
  const std::string header = std::move(header_);
  header_.clear();
  const HeaderFields fields(header);
  std::string_view type;
  std::string_view encoding;
  for (const auto& [name, value] : fields.all()) {
    if (equal_ignoring_case(name, fields_read[0])) type = more_telling_type(type, value);
    if (equal_ignoring_case(name, fields_read[1]))
      encoding = more_telling_encoding(encoding, value);
  }
  open_part(type, encoding, fields.get(fields_read[2]));
}

bool MimeStream::may_adopt(std::string_view line) const {
  const Open& open = open_.back();
  if (!open.adoptable || open.seen) return false;
  if (open.kind != MimeKind::multipart && content_seen_) return false;
  line = without_trailing_blanks(without_end(line));
  return line.size() >= 5 && line.size() <= boundary_bytes &&
         line.find(' ') == std::string_view::npos;
}

bool MimeStream::is_boundary(std::string_view with_end) {
  std::string_view line = without_trailing_blanks(without_end(with_end));
  if (in_rest_ || !line.starts_with("--") || line.size() > boundary_bytes + 4) return false;
  line.remove_prefix(2);
  // Levels from 1 on. Of an inner and an outer part the inner one has it.
  const auto level_of = [&](std::string_view boundary) {
    const auto known = levels_.find(boundary);
    return known == levels_.end() ? 0 : known->second;
  };
  const std::size_t next = level_of(line);
  const std::size_t last = line.ends_with("--") ? level_of(line.substr(0, line.size() - 2)) : 0;
  if (next == 0 && last == 0) return false;
  enter_part(std::max(next, last) - 1, last > next);
  return true;
}

void MimeStream::enter_part(std::size_t level, bool last) {
  // The line end before a boundary belongs to the boundary.
  held_.clear();
  line_start_ = true;
  open_[level].seen = true;
  if (level + 2 < open_.size()) broken_ = true;
  close_parts(level + 1);
  if (last) {
    // What follows belongs to nobody; the multipart stays open for a boundary that comes again.
    return;
  }
  if (parts_ < limits_.parts) return begin_header();
  in_rest_ = true;
  open_rest();
}

bool MimeStream::body_line(std::string_view line) {
  if (!adopt_line_.empty()) {
    const std::string candidate = std::move(adopt_line_);
    adopt_line_.clear();
    if (starts_ignoring_case(line, "content-")) {
      const bool was_multipart = open_.back().kind == MimeKind::multipart;
      set_boundary(without_trailing_blanks(without_end(candidate)).substr(2));
      open_.back().kind = MimeKind::multipart;
      broken_ = broken_ || was_multipart;
      enter_part(open_.size() - 1, false);
      if (!in_header_) return false;
      return false;
    }
    emit(without_end(candidate));
    hold_line_end("\n");
  }
  if (!line.starts_with("--")) return false;
  if (is_boundary(line)) return true;
  if (line.ends_with('\n') && may_adopt(line)) {
    adopt_line_ = line;
    return true;
  }
  return false;
}

void MimeStream::feed_header(std::string_view& bytes) {
  const std::size_t newline = bytes.find('\n');
  const std::size_t take = newline == std::string_view::npos ? bytes.size() : newline + 1;
  const std::string_view piece = bytes.substr(0, take);
  bytes.remove_prefix(take);
  if (line_.size() < header_line_bytes) {
    line_ += piece.substr(0, header_line_bytes - line_.size());
  } else {
    over_limits_ = true;
  }
  if (newline == std::string_view::npos) return;
  if (!line_.ends_with('\n')) line_.push_back('\n');
  const std::string line = std::move(line_);
  line_.clear();
  header_line(line);
}

// Collects a line that may be a boundary; false when more bytes are needed.
bool MimeStream::gather_line(std::string_view& bytes) {
  const std::size_t room = boundary_bytes + 8 - std::min(line_.size(), boundary_bytes + 8);
  const std::size_t newline = bytes.substr(0, room).find('\n');
  const std::size_t take =
      newline == std::string_view::npos ? std::min(room, bytes.size()) : newline + 1;
  line_ += bytes.substr(0, take);
  bytes.remove_prefix(take);
  return newline != std::string_view::npos || line_.size() >= boundary_bytes + 8;
}

void MimeStream::feed_body(std::string_view& bytes) {
  if (line_start_ && (!line_.empty() || !adopt_line_.empty() || bytes[0] == '-')) {
    if (!gather_line(bytes)) return;
    const std::string line = std::move(line_);
    line_.clear();
    if (body_line(line)) return;
    if (in_header_) {
      std::string_view rest = line;
      feed_header(rest);
      return;
    }
    emit(without_end(line));
    line_start_ = line.ends_with('\n');
    if (line_start_) hold_line_end(line.ends_with("\r\n") ? "\r\n" : "\n");
    return;
  }
  line_start_ = false;
  if (held_ == "\r") {
    // The line end was cut between two pieces.
    if (bytes[0] == '\n') {
      held_ = "\r\n";
      bytes.remove_prefix(1);
      line_start_ = true;
      return;
    }
    sink_.part_bytes(held_);
    held_.clear();
  }
  // memmem: string_view::find stops at every line end, which is slow where lines are empty.
  const void* const found = memmem(bytes.data(), bytes.size(), "\n-", 2);
  std::size_t end = bytes.size();
  if (found != nullptr) {
    end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
  }
  std::string_view run = bytes.substr(0, end);
  bytes.remove_prefix(end);
  const bool cut = !run.ends_with('\n');
  const std::string_view content =
      cut && run.ends_with('\r') ? run.substr(0, run.size() - 1) : without_end(run);
  const std::string_view line_end = run.substr(content.size());
  emit(content);
  if (!line_end.empty()) hold_line_end(line_end);
  line_start_ = !cut;
}

void MimeStream::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (in_header_) {
      feed_header(bytes);
    } else {
      feed_body(bytes);
    }
  }
}

void MimeStream::end() {
  if (in_header_) {
    if (!line_.empty()) {
      line_.push_back('\n');
      const std::string line = std::move(line_);
      line_.clear();
      header_line(line);
    }
    if (in_header_) end_header();
    if (!odd_line_.empty()) emit(odd_line_);
  }
  if (!line_.empty() || !adopt_line_.empty()) {
    const std::string line = std::move(line_);
    line_.clear();
    if (!body_line(line) && !in_header_) emit(line);
    if (!adopt_line_.empty()) emit(without_end(adopt_line_));
    if (in_header_) end_header();
  }
  if (!held_.empty()) sink_.part_bytes(held_);
  held_.clear();
  for (const Open& open : open_)
    broken_ = broken_ || (open.kind == MimeKind::multipart && !open.seen);
  close_parts(0);
}

}  // namespace leumund::wire
