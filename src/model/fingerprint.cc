#include "model/fingerprint.h"

#include <algorithm>
#include <concepts>

#include "base/hash.h"

namespace leumund::model {
namespace {

constexpr std::uint8_t record_version = 1;
constexpr auto sign_count = static_cast<unsigned>(MailSign::truncated) + 1;

constexpr std::array<std::string_view, facet_kinds> facet_names = {
    "none",    "url_domain", "url_template", "url_page",        "redirector",     "quoted_domain",
    "contact", "brief_text", "attachment",   "attachment_name", "archive_member", "subject",
    "mailer",  "message_id", "header_order", "mime_shape",      "helo",           "subject_part"};
static_assert(static_cast<std::size_t>(FacetKind::subject_part) + 1 == facet_kinds);

constexpr std::array<std::string_view, 6> text_names = {"unseen",    "empty", "image_only",
                                                        "link_only", "brief", "full"};
constexpr std::array<std::string_view, 8> class_names = {
    "unknown", "personal", "booking", "invoice", "ticket", "bulk", "automatic", "forward"};
constexpr std::array<std::string_view, sign_count> sign_names = {
    "auto_submitted", "list",
    "unsubscribe",    "bulk_precedence",
    "calendar",       "reply",
    "quotes",         "forwarded_by_hand",
    "redirected",     "identity_header",
    "html",           "signed_or_encrypted",
    "report",         "text_is_quoted",
    "hidden_text",    "invisible_characters",
    "lookalikes",     "encrypted_archive",
    "broken_mime",    "truncated"};

template <std::unsigned_integral Number>
void append_number(Number value, std::string& out) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out.push_back(static_cast<char>(value & 0xFFU));
    value = static_cast<Number>(static_cast<std::uint64_t>(value) >> 8U);
  }
}

// Takes numbers from the front; `ok` turns false when there are no more bytes.
struct NumberReader {
  std::string_view bytes;
  bool ok = true;

  template <std::unsigned_integral Number>
  Number take() {
    if (bytes.size() < sizeof(Number)) {
      ok = false;
      bytes = {};
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(Number); i-- > 0;) {
      value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    bytes.remove_prefix(sizeof(Number));
    return static_cast<Number>(value);
  }
};

}  // namespace

bool Fingerprint::add_facet(FacetKind kind, std::uint64_t hash) {
  if (has_facet(kind, hash)) return true;
  if (facet_count == facets_max) return false;
  facet_hashes[facet_count] = hash;
  facet_kinds[facet_count] = kind;
  ++facet_count;
  return true;
}

bool Fingerprint::has_facet(FacetKind kind, std::uint64_t hash) const {
  for (std::size_t i = 0; i < facet_count; ++i) {
    if (facet_hashes[i] == hash && facet_kinds[i] == kind) return true;
  }
  return false;
}

std::array<std::uint64_t, Fingerprint::bands> band_keys(const Fingerprint& print) {
  std::array<std::uint64_t, Fingerprint::bands> keys{};
  for (std::size_t band = 0; band < Fingerprint::bands; ++band) {
    std::uint64_t rows = 0;
    for (std::size_t row = 0; row < Fingerprint::band_rows; ++row) {
      rows = rows << 16U | print.sketch[band * Fingerprint::band_rows + row];
    }
    keys[band] = base::combine_hashes(rows, band + 1);
  }
  return keys;
}

double similarity(const Fingerprint& a, const Fingerprint& b) {
  if (!a.has_sketch() || !b.has_sketch()) return 0;
  std::size_t same = 0;
  for (std::size_t i = 0; i < Fingerprint::sketch_size; ++i) same += a.sketch[i] == b.sketch[i];
  return static_cast<double>(same) / static_cast<double>(Fingerprint::sketch_size);
}

std::size_t shared_phrases(const Fingerprint& a, const Fingerprint& b) {
  std::size_t shared = 0;
  for (std::size_t i = 0, j = 0; i < a.phrase_count && j < b.phrase_count;) {
    if (a.phrases[i] == b.phrases[j]) {
      ++shared;
      ++i;
      ++j;
    } else if (a.phrases[i] < b.phrases[j]) {
      ++i;
    } else {
      ++j;
    }
  }
  return shared;
}

std::string_view facet_kind_name(FacetKind kind) {
  return facet_names[static_cast<std::size_t>(kind)];
}
std::string_view text_kind_name(TextKind kind) {
  return text_names[static_cast<std::size_t>(kind)];
}
std::string_view mail_class_name(MailClass mail_class) {
  return class_names[static_cast<std::size_t>(mail_class)];
}
std::map<std::string, std::uint64_t> counted_classes(const ClassCounts& counts) {
  std::map<std::string, std::uint64_t> out;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) out.emplace(class_names[i], counts[i]);
  }
  return out;
}

std::string_view mail_sign_name(MailSign sign) {
  return sign_names[static_cast<std::size_t>(sign)];
}

void append_fingerprint(const Fingerprint& print, std::string& out) {
  append_number(record_version, out);
  append_number(static_cast<std::uint8_t>(print.text), out);
  append_number(static_cast<std::uint8_t>(print.mail_class), out);
  append_number(print.words, out);
  append_number(print.signs, out);
  append_number(print.facet_count, out);
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    append_number(static_cast<std::uint8_t>(print.facet_kinds[i]), out);
    append_number(print.facet_hashes[i], out);
  }
  append_number(print.phrase_count, out);
  for (std::size_t i = 0; i < print.phrase_count; ++i) append_number(print.phrases[i], out);
  if (!print.has_sketch()) return;
  for (const std::uint16_t row : print.sketch) append_number(row, out);
}

base::Result<Fingerprint> read_fingerprint(std::string_view record) {
  const base::Error malformed{base::ErrorCode::malformed, "a fingerprint record is not readable"};
  NumberReader in{record};
  if (in.take<std::uint8_t>() != record_version) return malformed;
  Fingerprint print;
  const auto text = in.take<std::uint8_t>();
  const auto mail_class = in.take<std::uint8_t>();
  print.words = in.take<std::uint16_t>();
  print.signs = in.take<std::uint32_t>();
  print.facet_count = in.take<std::uint8_t>();
  if (!in.ok || text >= text_names.size() || mail_class >= class_names.size() ||
      print.signs >> sign_count != 0 || print.facet_count > Fingerprint::facets_max) {
    return malformed;
  }
  print.text = static_cast<TextKind>(text);
  print.mail_class = static_cast<MailClass>(mail_class);
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    const auto kind = in.take<std::uint8_t>();
    if (kind == 0 || kind >= facet_kinds) return malformed;
    print.facet_kinds[i] = static_cast<FacetKind>(kind);
    print.facet_hashes[i] = in.take<std::uint64_t>();
  }
  print.phrase_count = in.take<std::uint8_t>();
  if (print.phrase_count > Fingerprint::phrases_max) return malformed;
  for (std::size_t i = 0; i < print.phrase_count; ++i) {
    print.phrases[i] = in.take<std::uint32_t>();
    if (i > 0 && print.phrases[i] <= print.phrases[i - 1]) return malformed;
  }
  if (print.has_sketch()) {
    for (std::uint16_t& row : print.sketch) row = in.take<std::uint16_t>();
  }
  if (!in.ok || !in.bytes.empty()) return malformed;
  return print;
}

}  // namespace leumund::model
