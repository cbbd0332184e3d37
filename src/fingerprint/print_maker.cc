#include "fingerprint/print_maker.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "fingerprint/facets.h"
#include "fingerprint/header_signs.h"
#include "fingerprint/own_text.h"
#include "fingerprint/sketch.h"
#include "fingerprint/words.h"
#include "wire/message_reader.h"
#include "wire/mime_header.h"
#include "wire/text_links.h"

namespace leumund::fingerprint {
namespace {

using model::FacetKind;
using model::Fingerprint;
using model::MailSign;
using model::TextKind;

// Below this a text has too few shingles to be told from another by a share of them.
constexpr std::size_t sketch_words_min = 10;
// Beside an image or a link so few words are its caption.
constexpr std::size_t caption_words_max = 3;
constexpr std::size_t named_recipients_max = 20;
// As many as of HTML, so that common ones in front do not hide one behind them.
wire::TextLinkLimits text_links_read(const base::HashKey& key) {
  return {.links = 256, .contacts = 64, .tries = 8192, .key = key};
}

wire::MessageLimits reader_limits(const PrintLimits& limits) {
  wire::MessageLimits out;
  out.mime.parts = limits.mime_parts;
  out.mime.depth = limits.mime_depth;
  out.encoded_text_bytes = limits.encoded_text_bytes;
  out.encoded_text_end_bytes = limits.encoded_text_bytes / 8;
  out.text_bytes = limits.text_bytes;
  out.attachments_reach = limits.attachments_reach;
  return out;
}

// "karin.meier" as words: "karin meier".
std::string words_of_address(std::string_view address) {
  std::string out(address.substr(0, address.find('@')));
  for (char& c : out) {
    const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    if (!letter && (c & 0x80) == 0) c = ' ';
  }
  return out;
}

// "Re: AW: [list] Fwd: x" to "x".
std::string_view without_reply_marks(std::string_view subject) {
  constexpr std::array<std::string_view, 9> marks = {
      "re:", "aw:", "fw:", "fwd:", "wg:", "sv:", "antw:", "tr:", "rv:"};
  for (bool again = true; again;) {
    again = false;
    subject = wire::trim_blanks(subject);
    for (const std::string_view mark : marks) {
      if (!wire::starts_ignoring_case(subject, mark)) continue;
      subject.remove_prefix(mark.size());
      again = true;
    }
    if (subject.starts_with('[')) {
      const std::size_t close = subject.find(']');
      if (close != std::string_view::npos && close < 40) {
        subject.remove_prefix(close + 1);
        again = true;
      }
    }
  }
  return subject;
}

}  // namespace

struct PrintMaker::State {
  State(PrintSettings wanted, const base::HashKey& key)
      : settings(std::move(wanted)),
        reader(key, reader_limits(settings.limits)),
        links_read(text_links_read(key)),
        words(key),
        sketcher(key),
        facets(key, settings.redirectors),
        headers_read(settings.classes.header_names()) {
    for (const std::string& name : settings.identity_headers)
      headers_read.push_back(base::ascii_lower(name));
  }

  void start_body();
  void add_names();
  void take_text(const wire::MessageView& view);
  void choose_text(const wire::MessageView& view);
  void read_below();
  void take_facets(const wire::MessageView& view);
  void take_contacts(const wire::MessageView& view);
  void take_links(const wire::MessageView& view);

  PrintSettings settings;
  Envelope envelope;
  HeaderSigns headers;
  wire::MessageReader reader;
  wire::TextLinkLimits links_read;
  WordReader words;
  Sketcher sketcher;
  FacetMaker facets;
  OwnText own;
  std::vector<std::string> headers_read;  // by the operator's settings
  wire::TextLinks found;
  std::vector<std::uint64_t> own_words;
  std::vector<std::uint64_t> quoted_words;
  std::vector<std::uint64_t> whole_words;  // where only all of the text has enough of them
  std::vector<std::uint64_t> below_words;
  std::vector<std::uint64_t> subject_words;
  std::string subject;
  std::string sketched;  // the text of the sketch
  std::string below;     // what stands below it: quotations, signature, disclaimers
  Fingerprint print;
  bool body_began = false;
  bool body_seen = false;
};

PrintMaker::PrintMaker(PrintSettings settings, const base::HashKey& key)
    : state_(std::make_unique<State>(std::move(settings), key)) {}
PrintMaker::~PrintMaker() = default;
PrintMaker::PrintMaker(PrintMaker&&) noexcept = default;
PrintMaker& PrintMaker::operator=(PrintMaker&&) noexcept = default;

void PrintMaker::begin(const Envelope& envelope) {
  State& now = *state_;
  now.envelope = envelope;
  now.headers.begin(now.settings.limits.header_bytes, now.headers_read);
  now.found = {};
  now.own_words.clear();
  now.quoted_words.clear();
  now.below_words.clear();
  now.subject_words.clear();
  now.sketched.clear();
  now.below.clear();
  now.print = {};
  now.body_began = now.body_seen = false;
}

void PrintMaker::set_envelope(const Envelope& envelope) { state_->envelope = envelope; }

std::optional<std::string_view> PrintMaker::header(std::string_view name, std::string_view value) {
  return state_->headers.add(name, value);
}

void PrintMaker::State::start_body() {
  body_began = true;
  std::string_view type;
  std::string_view encoding;
  for (const auto& [name, value] : headers.all()) {
    if (name == "content-type") type = wire::more_telling_type(type, value);
    if (name == "content-transfer-encoding")
      encoding = wire::more_telling_encoding(encoding, value);
  }
  reader.begin(type, encoding, headers.raw("content-disposition"));
}

void PrintMaker::body(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!state_->body_began) state_->start_body();
  state_->body_seen = true;
  state_->reader.feed(bytes);
}

void PrintMaker::State::add_names() {
  words.forget_names();
  words.forget_tricks();
  words.add_names(words_of_address(envelope.account));
  words.add_names(words_of_address(envelope.sender.value_or("")));
  const std::size_t count = std::min(envelope.recipients.size(), named_recipients_max);
  for (const std::string& recipient : envelope.recipients.first(count)) {
    words.add_names(words_of_address(recipient));
  }
  for (const std::string_view name : {"from", "to"}) {
    const std::string people = headers.decoded(name);
    words.add_names(std::string_view(people).substr(0, 400));
  }
}

void PrintMaker::State::choose_text(const wire::MessageView& view) {
  own.split(view.text);
  words.read(own.own(), own_words);
  sketched = own.own();
  if (!own.quoted().empty()) print.set(MailSign::quotes);
  if (own.forwarded() || !view.quoted.empty()) print.set(MailSign::forwarded_by_hand);
  below = own.quoted() + view.quoted + own.closing() + own.appended();
  if (own_words.size() >= sketch_words_min) return;
  // Nearly nothing is the writer's: what was taken for quoted or for his signature is the text.
  quoted_words = own_words;
  words.read(own.quoted(), quoted_words);
  words.read(view.quoted, quoted_words);
  if (quoted_words.size() >= sketch_words_min) {
    sketched += own.quoted() + view.quoted;
    own_words.swap(quoted_words);
    below = own.closing() + own.appended();
    print.set(MailSign::text_is_quoted);
    return;
  }
  words.read(own.closing(), quoted_words);
  words.read(view.text, whole_words);
  if (whole_words.size() < sketch_words_min && whole_words.size() <= own_words.size() + 3) {
    whole_words.clear();
    return;
  }
  // What a list or a program put below stays what it is: who has its line in a text of his own has
  // not written that mail.
  sketched += own.quoted() + view.quoted + own.closing();
  own_words.swap(quoted_words);
  below = own.appended();
  if (own_words.size() >= sketch_words_min) whole_words.clear();
}

// Whatever stands above: ten words of somebody's own hide nothing below them. A name and a
// telephone number are no text.
void PrintMaker::State::read_below() {
  words.read(below, below_words);
  if (below_words.size() < sketch_words_min) below_words.clear();
}

void PrintMaker::State::take_text(const wire::MessageView& view) {
  whole_words.clear();
  choose_text(view);
  read_below();
  if (words.saw_invisible()) print.set(MailSign::invisible_characters);
  if (words.saw_lookalikes()) print.set(MailSign::lookalikes);
  const std::vector<std::uint64_t>& text_words = whole_words.empty() ? own_words : whole_words;
  const std::size_t count = text_words.size();
  print.words = static_cast<std::uint16_t>(std::min<std::size_t>(count, 0xFFFF));
  wire::find_text_links(sketched, found, links_read);
  const bool links = !found.links.empty() || !view.links.empty();
  if (count >= sketch_words_min) {
    print.text = TextKind::full;
  } else if (count <= caption_words_max && (view.images > 0 || view.attachments_seen > 0)) {
    print.text = TextKind::image_only;
  } else if (count <= caption_words_max && links) {
    print.text = TextKind::link_only;
  } else {
    print.text = count == 0 ? TextKind::empty : TextKind::brief;
  }
  sketcher.sketch(text_words, own_words, below_words, print);
  if (!print.has_sketch()) facets.add_words(FacetKind::brief_text, text_words, print);
}

void PrintMaker::State::take_contacts(const wire::MessageView& view) {
  const std::string own_address = wire::address_of(headers.raw("from"));
  std::vector<std::string> contacts;
  const auto contact = [&](std::string address) {
    base::make_ascii_lower(address);
    const auto is = [&](std::string_view other) {
      return wire::equal_ignoring_case(address, other);
    };
    if (address.empty() || is(envelope.account) || is(own_address) ||
        is(envelope.sender.value_or("")) || std::ranges::any_of(envelope.recipients, is)) {
      return;
    }
    contacts.push_back(std::move(address));
  };
  // Where answers go has its place; the others stand for themselves.
  contact(wire::address_of(headers.raw("reply-to")));
  facets.add_contacts(contacts, print);
  contacts.clear();
  for (const std::string& link : view.links) {
    if (wire::starts_ignoring_case(link, "mailto:")) contact(wire::address_of(link.substr(7)));
  }
  for (const std::string& found_contact : found.contacts) contact(found_contact);
  facets.add_contacts(contacts, print);
}

void PrintMaker::State::take_links(const wire::MessageView& view) {
  facets.add_links({view.links, found.links, view.sources}, print);
  take_contacts(view);
  if (below.empty()) return;
  wire::TextLinks quoted;
  wire::find_text_links(below, quoted, links_read);
  facets.add_quoted(quoted.links, quoted.contacts, print);
}

void PrintMaker::State::take_facets(const wire::MessageView& view) {
  subject = headers.decoded("subject");
  words.read(without_reply_marks(subject), subject_words);
  facets.add_words(FacetKind::subject, subject_words, print);
  const std::string_view mailer = headers.raw("x-mailer");
  facets.add_mailer(mailer.empty() ? headers.raw("user-agent") : mailer, print);
  facets.add_message_id(headers.raw("message-id"), print);
  facets.add_text(FacetKind::header_order, headers.order(), print);
  if (!headers.raw("content-type").empty()) {
    facets.add_text(FacetKind::mime_shape, view.shape, print);
  }
  facets.add_helo(envelope.helo, print);
  facets.add_subject_parts(subject_words, print);
  // Last, as there may be more of them than room.
  facets.add_attachments(view.attachments, print);
  take_links(view);
  if (view.html) print.set(MailSign::html);
  if (view.hidden_text) print.set(MailSign::hidden_text);
  if (view.calendar) print.set(MailSign::calendar);
  if (view.signed_or_encrypted) print.set(MailSign::signed_or_encrypted);
  if (view.report) print.set(MailSign::report);
  if (view.broken_mime) print.set(MailSign::broken_mime);
  if (view.truncated || headers.truncated()) print.set(MailSign::truncated);
}

MailPrint PrintMaker::finish() {
  State& now = *state_;
  if (!now.body_began) now.start_body();
  const wire::MessageView& view = now.reader.finish();
  now.add_names();
  if (now.body_seen) now.take_text(view);
  now.take_facets(view);
  if (!now.body_seen && now.headers.count() > 0) now.print.text = TextKind::empty;
  MailPrint out;
  now.headers.take_signs(now.envelope, now.settings.identity_headers, now.print, out);
  ClassInput input;
  input.subject = now.subject;
  input.sender = now.envelope.sender.value_or("");
  input.account = now.envelope.account;
  input.script = out.script.empty() ? now.envelope.script : std::string_view(out.script);
  input.helo = now.envelope.helo;
  input.recipients = now.envelope.recipients;
  input.headers = now.headers.all();
  input.signs = now.print.signs;
  input.forwarded = out.forwarded;
  now.print.mail_class = now.settings.classes.class_of(input);
  out.print = now.print;
  return out;
}

std::string_view PrintMaker::own_text() const { return state_->sketched; }

MailPrint print_of(const model::Submission& submission, PrintMaker& maker) {
  Envelope envelope;
  envelope.account = submission.account;
  envelope.script = submission.script;
  envelope.helo = submission.helo;
  if (submission.envelope_sender) envelope.sender = *submission.envelope_sender;
  envelope.recipients = submission.recipients;
  maker.begin(envelope);
  for (const auto& [name, value] : submission.headers) maker.header(name, value);
  maker.body(submission.body);
  MailPrint print = maker.finish();
  if (submission.body.empty()) print.print.text = model::TextKind::unseen;
  if (submission.forwarded) {
    print.forwarded = true;
    print.print.mail_class = model::MailClass::forward;
  }
  return print;
}

MailPrint print_of_message(std::string_view raw, const Envelope& envelope, PrintMaker& maker) {
  if (raw.starts_with("From ")) raw.remove_prefix(std::min(raw.find('\n'), raw.size() - 1) + 1);
  maker.begin(envelope);
  std::size_t end = 0;
  std::size_t field = 0;  // where the last one begins; they are read one by one, however many
  const auto tell = [&] {
    const wire::HeaderFields one(raw.substr(field, end - field));
    for (const auto& [name, value] : one.all()) maker.header(name, value);
    field = end;
  };
  while (end < raw.size()) {
    const std::size_t newline = std::min(raw.find('\n', end), raw.size() - 1);
    const std::string_view line = raw.substr(end, newline - end);
    const bool folded = line.starts_with(' ') || line.starts_with('\t');
    if (line.empty() || line == "\r" || (!folded && wire::header_name_size(line) == 0)) break;
    if (!folded) tell();
    end = newline + 1;
  }
  tell();
  std::string_view body = raw.substr(end);
  if (body.starts_with("\r\n")) {
    body.remove_prefix(2);
  } else if (body.starts_with('\n')) {
    body.remove_prefix(1);
  }
  maker.body(body);
  return maker.finish();
}

}  // namespace leumund::fingerprint
