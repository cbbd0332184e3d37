#include "wire/mime_stream.h"

#include <algorithm>
#include <cstring>

#include "wire/mime_header.h"

namespace leumund::wire {
namespace {

constexpr std::size_t boundary_bytes = 256;  // RFC 2046 allows 70
constexpr std::size_t header_line_bytes = 16UL * 1024;

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

MimeStream::MimeStream(PartSink& sink, MimeStreamLimits limits) : sink_(sink), limits_(limits) {}

void MimeStream::begin(std::string_view content_type, std::string_view encoding,
                       std::string_view disposition) {
  open_.clear();
  line_.clear();
  header_.clear();
  odd_line_.clear();
  adopt_line_.clear();
  held_.clear();
  parts_ = 0;
  line_start_ = true;
  over_limits_ = broken_ = false;
  in_header_ = false;
  open_part({}, content_type, encoding, disposition);
  // An event may hold the MIME body without the headers that describe it.
  if (content_type.empty()) open_.back().adoptable = true;
}

void MimeStream::open_part(std::string_view header, std::string_view content_type,
                           std::string_view encoding, std::string_view disposition) {
  StreamPart part;
  part.kind = mime_kind_of(content_type);
  part.encoding = transfer_encoding_of(encoding);
  part.depth = open_.size();
  part.attached = starts_ignoring_case(trim_blanks(disposition), "attachment");
  part.content_type = content_type;
  part.disposition = disposition;
  part.header = header;
  Open open;
  if (part.kind == MimeKind::multipart || part.kind == MimeKind::message) {
    if (open_.size() >= limits_.depth) {
      over_limits_ = true;
      part.kind = MimeKind::other;
    } else if (part.kind == MimeKind::multipart) {
      open.boundary = header_parameter(content_type, "boundary").value_or("");
      while (open.boundary.ends_with(' ')) open.boundary.pop_back();
      if (open.boundary.size() > boundary_bytes) open.boundary.clear();
      open.adoptable = true;
    }
  }
  open.kind = part.kind;
  open_.push_back(std::move(open));
  ++parts_;
  content_seen_ = false;
  line_start_ = true;
  sink_.part_begins(part);
  // A message within the message: its header comes first. An encoded one is an attachment.
  in_header_ = part.kind == MimeKind::message && part.encoding == TransferEncoding::identity;
}

void MimeStream::close_parts(std::size_t keep) {
  while (open_.size() > keep) {
    const Open& open = open_.back();
    if (open.kind == MimeKind::multipart && !open.seen) broken_ = true;
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
  if (name || line[0] == ' ' || line[0] == '\t' || line.starts_with("From ") ||
      line.starts_with(">From ")) {
    odd_line_.clear();
    if (header_.size() + with_end.size() <= limits_.header_bytes) {
      header_ += with_end;
    } else {
      over_limits_ = true;
    }
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
  if (odd_line_.empty() && !header_.empty()) {
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

void MimeStream::end_header() {
  in_header_ = false;
  const std::string header = std::move(header_);
  header_.clear();
  const HeaderFields fields(header);
  open_part(header, fields.get("Content-Type"), fields.get("Content-Transfer-Encoding"),
            fields.get("Content-Disposition"));
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
  if (!line.starts_with("--") || line.size() > boundary_bytes + 4) return false;
  line.remove_prefix(2);
  for (std::size_t i = open_.size(); i-- > 0;) {
    const std::string& boundary = open_[i].boundary;
    if (boundary.empty() || !line.starts_with(boundary)) continue;
    const std::string_view rest = line.substr(boundary.size());
    if (!rest.empty() && rest != "--") continue;
    enter_part(i, !rest.empty());
    return true;
  }
  return false;
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
  if (parts_ >= limits_.parts) {
    over_limits_ = true;
    return;
  }
  header_.clear();
  in_header_ = true;
}

bool MimeStream::body_line(std::string_view line) {
  if (!adopt_line_.empty()) {
    const std::string candidate = std::move(adopt_line_);
    adopt_line_.clear();
    if (starts_ignoring_case(line, "content-")) {
      Open& open = open_.back();
      const bool was_multipart = open.kind == MimeKind::multipart;
      open.boundary = without_trailing_blanks(without_end(candidate)).substr(2);
      open.kind = MimeKind::multipart;
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
