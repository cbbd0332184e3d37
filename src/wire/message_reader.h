// What a person sees of a message, and what hangs on it: visible text, links, attachments, shape.
//
// Of a multipart/alternative the HTML counts, as mail programs show it; text of attached messages
// goes to `quoted`. Text that HTML hides is left out.
//
// Flow:    milter or event -> MessageReader (MimeStream) -> MessageView -> fingerprint::PrintMaker.
// Limits:  MessageLimits; beyond them content is skipped and `truncated` is set. Attachments are
//          hashed as they come by; none takes away room from text.
// Threads: one MessageReader per thread; it keeps its memory from message to message.
// Errors:  none: what cannot be read is left out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "wire/mime_stream.h"
#include "wire/zip_listing.h"

namespace leumund::wire {

struct MessageLimits {
  MimeStreamLimits mime;
  // Of one text part, as sent; of a longer one the middle is left out.
  std::size_t encoded_text_bytes = 2UL * 1024 * 1024;
  std::size_t encoded_text_end_bytes = 256UL * 1024;  // kept of the end, beside those
  std::size_t text_bytes = 512UL * 1024;              // visible text of the message
  // How far into the body attachments are read; text is looked for behind as well.
  std::size_t attachments_reach = static_cast<std::size_t>(-1);
  std::size_t links = 256;
  std::size_t attachments = 32;  // that are described; more are only counted
  std::size_t archive_members = 64;
};

struct Attachment {
  std::string name;          // decoded; "" when it has none
  std::string type;          // "application/pdf", lower case
  std::uint64_t bytes = 0;   // decoded
  std::uint64_t digest = 0;  // keyed, of the decoded content
  bool is_image = false;
  std::vector<ArchiveMember> members;  // of a zip file's listing
};

struct MessageView {
  std::string text;                  // UTF-8, lines end with "\n"
  std::string quoted;                // text of attached messages
  std::vector<std::string> links;    // targets of HTML links and forms, as written
  std::vector<std::string> sources;  // of HTML images
  std::vector<Attachment> attachments;
  std::string shape;  // "mixed(alternative(plain html)pdf)"; at most 512 bytes
  std::size_t attachments_seen = 0;
  std::size_t images = 0;  // linked or attached
  bool html = false;
  bool hidden_text = false;
  bool calendar = false;
  bool signed_or_encrypted = false;
  bool report = false;
  bool broken_mime = false;
  bool truncated = false;
};

class MessageReader : private PartSink {
 public:
  explicit MessageReader(const base::HashKey& key, MessageLimits limits = {});
  ~MessageReader() override;

  // Begins a message with the values of its own header fields, "" for those it has not.
  void begin(std::string_view content_type, std::string_view encoding,
             std::string_view disposition);
  void feed(std::string_view bytes);
  // Valid until the next begin().
  [[nodiscard]] const MessageView& finish();

 private:
  struct Part;
  struct Reading;

  void part_begins(const StreamPart& part) override;
  void part_bytes(std::string_view bytes) override;
  void part_ends() override;

  void keep_text(Part& part, std::string_view bytes);
  void cut_text_end();
  void decode_text(Part& part);
  void end_text(Part& part);
  void end_attachment(Part& part);
  void add_text(Part& part, std::string_view text);
  void add_shape(std::string_view word);
  [[nodiscard]] Part* alternative_around();

  MessageLimits limits_;
  std::size_t body_bytes_ = 0;
  bool beyond_reach_ = false;
  MimeStream stream_;
  std::unique_ptr<Reading> reading_;
  std::vector<Part> parts_;
  MessageView view_;
};

}  // namespace leumund::wire
