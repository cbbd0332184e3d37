// One text in wrappings that were made to hide it from a reader with limits, while a mail program
// shows it. Each mail of a campaign is wrapped with other random signs; its text must be found to
// be that of the plain mail all the same.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "fingerprint/print_maker.h"

namespace leumund::fingerprint {
namespace {

using model::FacetKind;
using model::Fingerprint;
using model::MailSign;

const std::string text =
    "We tried to deliver your parcel today but a small customs fee was not paid yet.\r\n"
    "The parcel waits at our depot for you and goes back to its sender after three days.\r\n"
    "Please pay the fee now to get it tomorrow: http://paket-zoll.example/pay/abc\r\n";
const std::string html_text =
    "<p>We tried to deliver your parcel today but a small customs fee was not paid yet. The parcel "
    "waits at our depot for you and goes back to its sender after three days. Please pay the fee "
    "now to get it tomorrow: <a href='http://paket-zoll.example/pay/abc'>here</a></p>";

std::string base64(std::string_view bytes, std::size_t line = 76) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) {
      out.push_back(i + k > bytes.size() ? '=' : digits[word >> (18 - 6 * k) & 63U]);
      if (++column % line == 0) out += "\r\n";
    }
  }
  return out + "\r\n";
}

std::string times(std::size_t count, const std::function<std::string(std::size_t)>& one) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += one(i);
  return out;
}

class Wrapper {
 public:
  explicit Wrapper(unsigned seed) : chance_(seed), tag_(word()) {}

  std::string word() { return fmt::format("{:08x}", chance_()); }
  // Words of nobody's, as many as fill `bytes`.
  std::string junk(std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) {
      for (int i = 0; i < 6; ++i) out.push_back(static_cast<char>('a' + chance_() % 26));
      out.push_back(out.size() % 60 < 8 ? '\n' : ' ');
    }
    return out + "\n";
  }
  std::string bytes(std::size_t count) {
    std::string out(count, '\0');
    for (char& c : out) c = static_cast<char>(chance_());
    return out;
  }
  // In random text before the base64, so that it is another one in every mail.
  std::string encoded(std::size_t line = 76) {
    return "Content-Transfer-Encoding: base64\r\n\r\n" + base64(word() + "\r\n" + text, line);
  }
  std::string type(std::string_view kind, std::string_view end) {
    return fmt::format("Content-Type: multipart/{}; boundary=\"{}{}\"\r\n", kind, tag_, end);
  }
  std::string boundary(std::string_view end) { return fmt::format("--{}{}\r\n", tag_, end); }
  std::string last(std::string_view end) { return fmt::format("\r\n--{}{}--\r\n", tag_, end); }
  std::string mixed(const std::string& parts) {
    return type("mixed", "") + "\r\n" + parts + last("");
  }
  std::string plain_part() { return boundary("") + "Content-Type: text/plain\r\n\r\n" + text; }

  std::string nested(std::size_t levels, const std::string& leaf) {
    std::string out = type("mixed", "0") + "\r\n";
    for (std::size_t i = 0; i < levels; ++i) {
      out += boundary(std::to_string(i)) + type("mixed", std::to_string(i + 1)) + "\r\n" +
             (i % 50 == 49 ? junk(100) : "");
    }
    out += boundary(std::to_string(levels)) + leaf;
    for (std::size_t i = levels + 1; i-- > 0;) out += last(std::to_string(i));
    return out;
  }

 private:
  std::mt19937 chance_;
  std::string tag_;
};

struct Wrapping {
  const char* name;
  std::function<std::string(Wrapper&)> mail;  // from the MIME header on
  double alike = 0.8;
};

std::vector<Wrapping> wrappings_of_headers() {
  return {
      {"1,001 fields in front",
       [](Wrapper& w) {
         return times(1001, [&](auto) { return "X-" + w.word() + ": a\r\n"; }) + w.encoded();
       }},
      {"100,000 fields in front",
       [](Wrapper& w) { return times(100'000, [&](auto) { return "X-a: b\r\n"; }) + w.encoded(); }},
      {"1,001 fields that are read in front",
       [](Wrapper& w) {
         return times(1001, [&](auto) { return "To: " + w.word() + "@a.example\r\n"; }) +
                w.encoded();
       }},
      {"a field of 1 MB in front",
       [](Wrapper& w) { return "X-Long: " + std::string(1'000'000, 'x') + "\r\n" + w.encoded(); }},
      {"fields of 255 kB in front",
       [](Wrapper& w) { return "X-Long: " + std::string(262'100, 'x') + "\r\n" + w.encoded(); }},
      {"a field of 100,000 lines in front",
       [](Wrapper& w) {
         return "X-Long: a\r\n" + times(100'000, [](auto) { return "\ta\r\n"; }) + w.encoded();
       }},
      {"fields in front in a part",
       [](Wrapper& w) {
         return w.mixed(w.boundary("") + times(1001, [](auto) { return "Content-X: a\r\n"; }) +
                        w.encoded());
       }},
      {"a field of 100 kB in front in a part",
       [](Wrapper& w) {
         return w.mixed(w.boundary("") + "X-Long: " + std::string(100'000, 'x') + "\r\n" +
                        w.encoded());
       }},
  };
}

std::vector<Wrapping> wrappings_of_types() {
  return {
      {"two types",
       [](Wrapper& w) {
         return "Content-Type: text/plain\r\n" + w.mixed(w.boundary("") + w.encoded());
       }},
      {"two types, the other first",
       [](Wrapper& w) {
         return w.type("mixed", "") + "Content-Type: text/plain\r\n\r\n" + w.boundary("") +
                w.encoded() + w.last("");
       }},
      {"two encodings",
       [](Wrapper& w) { return "Content-Transfer-Encoding: 7bit\r\n" + w.encoded(); }},
      {"two encodings, and blanks between",
       [](Wrapper& w) {
         std::string out = "Content-Transfer-Encoding: 7bit\r\n";
         const std::string inner = w.encoded();
         const std::size_t gap = inner.find("\r\n\r\n") + 4;
         out += inner.substr(0, gap);
         for (std::size_t at = gap; at < inner.size(); at += 9) out += inner.substr(at, 9) + " ";
         return out;
       }},
      {"base64 with blanks between",
       [](Wrapper& w) {
         const std::string inner = w.encoded();
         const std::size_t gap = inner.find("\r\n\r\n") + 4;
         std::string out = inner.substr(0, gap);
         for (std::size_t at = gap; at < inner.size(); at += 9) out += inner.substr(at, 9) + ". ";
         return out;
       }},
      {"two encodings, the other first",
       [](Wrapper&) {
         return "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" +
                text;
       }},
      {"an unknown charset",
       [](Wrapper&) { return "Content-Type: text/plain; charset=x-none\r\n\r\n" + text; }},
      {"no type at all", [](Wrapper&) { return "Content-Type: foo\r\n\r\n" + text; }},
      {"a whole mail that is attached",
       [](Wrapper&) {
         return "Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\n" + text;
       }},
  };
}

std::vector<Wrapping> wrappings_of_structure() {
  const std::string leaf = "Content-Type: text/plain\r\n\r\n" + text;
  return {
      {"33 levels", [=](Wrapper& w) { return w.nested(33, leaf); }},
      {"33 levels and base64", [](Wrapper& w) { return w.nested(33, w.encoded()); }},
      {"900 levels", [](Wrapper& w) { return w.nested(900, w.encoded()); }},
      // Text before the parts of the last level that is taken apart is read, as nobody knows it.
      {"1,100 levels", [](Wrapper& w) { return w.nested(1100, w.encoded()); }, 0.6},
      {"33 messages",
       [=](Wrapper&) {
         return "Content-Type: message/rfc822\r\n\r\n" +
                times(33, [](auto) { return "Content-Type: message/rfc822\r\n\r\n"; }) + leaf;
       }},
      {"1,100 messages",
       [=](Wrapper& w) {
         return "Content-Type: message/rfc822\r\n\r\n" +
                times(1100, [](auto) { return "Content-Type: message/rfc822\r\n\r\n"; }) +
                w.encoded();
       }},
      {"the text behind 33 levels",
       [=](Wrapper& w) { return w.mixed(w.boundary("") + w.nested(33, "\r\n") + w.plain_part()); }},
      {"20,001 empty parts",
       [](Wrapper& w) {
         return w.mixed(times(20'001, [&](auto) { return w.boundary("") + "\r\n"; }) +
                        w.plain_part());
       }},
      {"20,001 empty parts and base64",
       [](Wrapper& w) {
         return w.mixed(times(20'001, [&](auto) { return w.boundary("") + "\r\n"; }) +
                        w.boundary("") + "Content-Type: text/plain\r\n" + w.encoded());
       }},
      {"20,001 boundaries and nothing else",
       [](Wrapper& w) {
         return w.mixed(times(20'001, [&](auto) { return w.boundary(""); }) + w.plain_part());
       }},
      {"an attachment of 3 MB in front",
       [](Wrapper& w) {
         return w.mixed(w.boundary("") +
                        "Content-Type: application/x-data\r\nContent-Transfer-Encoding: "
                        "base64\r\nContent-Disposition: attachment; filename=a.dat\r\n\r\n" +
                        base64(w.bytes(2'200'000)) + w.plain_part());
       }},
      {"no boundary that closes",
       [](Wrapper& w) { return w.type("mixed", "") + "\r\n" + w.boundary("") + w.encoded(); }},
      {"a boundary that no line has",
       [](Wrapper& w) {
         return w.type("mixed", "") + "\r\n--" + w.word() + "-\r\nX: y\r\n" + w.encoded();
       }},
      {"a boundary of 300 signs",
       [](Wrapper& w) {
         const std::string end(300, 'b');
         return w.type("mixed", end) + "\r\n" + w.boundary(end) + w.encoded() + w.last(end);
       }},
      {"an alternative that nobody sees in front",
       [](Wrapper& w) {
         return w.type("alternative", "") + "\r\n" + w.boundary("") + "\r\n" + w.junk(700'000) +
                w.boundary("") + "Content-Type: text/html\r\n\r\n" + html_text + w.last("");
       }},
  };
}

std::vector<Wrapping> wrappings_of_html() {
  const std::string head = "Content-Type: text/html\r\n\r\n";
  const auto hidden = [](Wrapper& w, std::size_t bytes) {
    return "<div style='display:none'>" + w.junk(bytes) + "</div>";
  };
  return {
      {"300 links in front",
       [=](Wrapper& w) {
         return head +
                times(300,
                      [&](auto) { return "<a href='http://www.w3.org/" + w.word() + "'></a>"; }) +
                html_text;
       }},
      {"300 links of one unknown host in front",
       [=](Wrapper& w) {
         return head +
                times(300,
                      [&](auto) {
                        return "<a href='http://" + w.word() + ".other.example/x'></a>";
                      }) +
                html_text;
       }},
      {"300 plain links in front",
       [](Wrapper& w) {
         return "\r\n" +
                times(300, [&](auto) { return "http://www.w3.org/" + w.word() + "\r\n"; }) + text;
       }},
      {"a comment that is over at once",
       [=](Wrapper& w) { return head + w.word() + "<!-->" + html_text + "<!-- -->"; }},
      {"a comment that browsers end",
       [=](Wrapper&) { return head + "<!-- a --!>" + html_text + "<!-- -->"; }},
      {"20,000 comments",
       [=](Wrapper& w) {
         return head + times(20'000, [&](auto) { return "<!-- " + w.word() + " -->"; }) + html_text;
       }},
      {"tags of 100 kB",
       [=](Wrapper& w) {
         return head + "<img alt='" + w.junk(100'000) + "'><!a " + w.junk(100'000) + ">" +
                html_text;
       }},
      {"hidden text within 1,000 boxes",
       [=](Wrapper& w) {
         return head + times(1000, [](auto) { return "<div>"; }) + hidden(w, 10'000) + html_text;
       }},
      {"noscript", [=](Wrapper&) { return head + "<noscript>" + html_text + "</noscript>"; }},
      {"hidden text of 1.5 MB in front",
       [=](Wrapper& w) { return head + hidden(w, 1'500'000) + html_text; }},
      {"hidden text of 5 MB in front",
       [=](Wrapper& w) { return head + hidden(w, 5'000'000) + html_text; }},
      {"hidden text of 5 MB in front and base64",
       [=](Wrapper& w) {
         return "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                base64(hidden(w, 5'000'000) + html_text, 77);
       }},
      {"a hidden part of 3 MB in front",
       [=](Wrapper& w) {
         return w.mixed(w.boundary("") + head + hidden(w, 3'000'000) + "\r\n" + w.plain_part());
       }},
  };
}

class WrappingTest : public testing::Test {
 protected:
  static std::string head(unsigned seed) {
    return fmt::format("From: <p{}@a.example>\r\nTo: <x{}@b.example>\r\nMIME-Version: 1.0\r\n",
                       seed, seed);
  }
  Fingerprint of(const std::string& raw) { return print_of_message(raw, {}, maker_).print; }

  void all_are_found(const std::vector<Wrapping>& wrappings) {
    const Fingerprint plain = of(head(0) + "Content-Type: text/plain\r\n\r\n" + text);
    ASSERT_TRUE(plain.has_sketch());
    const auto domain = [](const Fingerprint& print) {
      for (std::size_t i = 0; i < print.facet_count; ++i) {
        if (print.facet_kinds[i] == FacetKind::url_domain) return print.facet_hashes[i];
      }
      return std::uint64_t{0};
    };
    ASSERT_NE(domain(plain), 0U);
    for (const Wrapping& wrapping : wrappings) {
      for (unsigned seed = 1; seed < 3; ++seed) {
        Wrapper wrapper(seed);
        const Fingerprint print = of(head(seed) + wrapping.mail(wrapper));
        EXPECT_GE(model::similarity(print, plain), wrapping.alike) << wrapping.name;
        EXPECT_GE(model::shared_phrases(print, plain), 8U) << wrapping.name;
        EXPECT_TRUE(print.has_facet(FacetKind::url_domain, domain(plain))) << wrapping.name;
      }
    }
  }

  PrintMaker maker_{PrintSettings{}, base::HashKey{}};
};

TEST_F(WrappingTest, HeadersHideNoText) { all_are_found(wrappings_of_headers()); }

TEST_F(WrappingTest, TypesAndEncodingsHideNoText) { all_are_found(wrappings_of_types()); }

TEST_F(WrappingTest, PartsHideNoText) { all_are_found(wrappings_of_structure()); }

TEST_F(WrappingTest, MarkupHidesNoText) { all_are_found(wrappings_of_html()); }

TEST_F(WrappingTest, FieldsInFrontHideNoSubjectAndAreToldAsCut) {
  const auto mail = [&](const std::string& pad) {
    return of(pad + head(1) + "Subject: Your parcel is waiting for you\r\n\r\n" + text);
  };
  const Fingerprint plain = mail("");
  const Fingerprint padded = mail(times(1001, [](auto) { return "X-a: b\r\n"; }));
  for (std::size_t i = 0; i < plain.facet_count; ++i) {
    EXPECT_TRUE(padded.has_facet(plain.facet_kinds[i], plain.facet_hashes[i]))
        << model::facet_kind_name(plain.facet_kinds[i]);
  }
  EXPECT_FALSE(plain.has(MailSign::truncated));
  EXPECT_TRUE(padded.has(MailSign::truncated));
}

TEST_F(WrappingTest, AHeaderThatARuleNamesHasItsPlaceToo) {
  const std::vector<std::string> rules = {"ticket header:x-rt-ticket"};
  PrintSettings settings;
  settings.classes = ClassRules::with_defaults(rules).value();
  PrintMaker maker(settings, base::HashKey{});
  const std::string pad = times(1001, [](auto) { return "X-a: b\r\n"; });
  EXPECT_EQ(print_of_message(pad + "X-RT-Ticket: 1\r\n\r\n" + text, {}, maker).print.mail_class,
            model::MailClass::ticket);
  EXPECT_EQ(
      print_of_message(pad + "X-PHP-Originating-Script: 33:a.php\r\n\r\n" + text, {}, maker).script,
      "uid33:a.php");
}

TEST_F(WrappingTest, NoOrderOfLinksDecidesWhichOfTooManyAreKept) {
  std::vector<std::string> links;
  for (int i = 0; i < 600; ++i)
    links.push_back(fmt::format("<a href='http://shop{}.example/p/{}'>x</a> ", i % 400, i));
  const auto mail = [&] {
    std::string body;
    for (const std::string& link : links) body += link;
    return of("Content-Type: text/html\r\n\r\n" + body);
  };
  const Fingerprint forwards = mail();
  std::reverse(links.begin(), links.end());
  EXPECT_EQ(mail(), forwards);
}

}  // namespace
}  // namespace leumund::fingerprint
