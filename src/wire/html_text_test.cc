#include "wire/html_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "wire/html_style.h"

namespace leumund::wire {
namespace {

HtmlView read(std::string_view html) {
  HtmlView view;
  read_html(html, view);
  return view;
}

std::string text_of(std::string_view html) {
  std::string text = read(html).text;
  while (text.ends_with('\n') || text.ends_with(' ')) text.pop_back();
  return text;
}

TEST(HtmlText, TagsWithinWordsLeaveThemWhole) {
  EXPECT_EQ(text_of("V<b></b>ia<!-- x -->gr<font size=2>a</font> now"), "Viagra now");
}

TEST(HtmlText, BlocksAndBreaksEndLines) {
  EXPECT_EQ(text_of("<p>one</p><p>two<br>three</p><div>four</div>"), "one\n\ntwo\nthree\n\nfour");
}

TEST(HtmlText, WhatStylesHideIsLeftOut) {
  for (const char* style :
       {"display:none", "DISPLAY : NONE", "visibility:hidden", "font-size:0", "font-size:1px",
        "font-size:.1em", "font:0px Arial", "opacity:0", "mso-hide:all",
        "max-height:0;overflow:hidden", "height:0px;width:0;overflow:hidden",
        "position:absolute;left:-9999px", "text-indent:-5000px", "color:#fff", "color:white",
        "color:rgb(255,255,255)", "color:#fefefe", "color:#123456;background:#123456",
        "color:transparent"}) {
    const HtmlView view = read("seen <span style=\"" + std::string(style) + "\">junk</span> too");
    EXPECT_EQ(view.text, "seen too") << style;
    EXPECT_EQ(view.hidden_bytes, 4U) << style;
  }
}

TEST(HtmlText, WhatStylesShowStays) {
  for (const char* style :
       {"display:block", "font-size:9pt", "color:#000", "opacity:.5", "overflow:hidden",
        "color:white;background-color:#000", "color:#fff;background:url(x.png)", "height:0",
        "position:absolute;left:10px", "line-height:0", "margin:0"}) {
    EXPECT_EQ(text_of("<p style='" + std::string(style) + "'>seen</p>"), "seen") << style;
  }
}

TEST(HtmlText, LettersWithinATinyWrapperAreSeenAtTheirOwnSize) {
  EXPECT_EQ(text_of("<td style='font-size:0'><span style='font-size:14px'>seen</span>x</td>"),
            "seen");
}

TEST(HtmlText, NothingShowsWithinWhatIsNotDisplayed) {
  EXPECT_EQ(text_of("<div style='display:none'><p style='display:block'>junk</p></div>seen"),
            "seen");
}

TEST(HtmlText, AttributesHideToo) {
  EXPECT_EQ(text_of("<font color=white>junk</font><p hidden>junk</p>"
                    "<table bgcolor=#112233><tr><td><font color='#112233'>junk</font>seen"),
            "seen");
}

TEST(HtmlText, ClassesOfTheMailsOwnSheetHide) {
  EXPECT_EQ(text_of("<style>p.x, .y { display : none } #z{font-size:0} a{color:red}</style>"
                    "<p class='b x'>junk</p><i class=y>junk</i><i id=z>junk</i><i class=b>seen"),
            "seen");
}

TEST(HtmlText, RulesForSomeScreensDoNotHide) {
  EXPECT_EQ(text_of("<style>@media (max-width:600px){.d{display:none}} .e{color:red}</style>"
                    "<p class=d>seen</p>"),
            "seen");
}

TEST(HtmlText, ScriptsStylesTitlesAndCommentsAreSilent) {
  EXPECT_EQ(text_of("<title>t</title><script>if(a<b)x</script><style>p{}</style>"
                    "<!-- <p>c</p> -->seen<![if !x]>"),
            "seen");
}

TEST(HtmlText, ReferencesAreReadAsBrowsersDo) {
  EXPECT_EQ(text_of("&#86;&#x69;&#97gra &amp; &auml;&nbsp;x &bogus; &AMP"),
            "Viagra & \xC3\xA4 x &bogus; &AMP");
  EXPECT_EQ(text_of("a&#0;b&#x110000;c&#xD800;d"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD"
            "c\xEF\xBF\xBD"
            "d");
}

TEST(HtmlText, LinksAndPicturesAreFound) {
  const HtmlView view = read(
      "<a href=\"http://a.example/?x=1&amp;y=2\">x</a><AREA HREF=b.example>"
      "<form action='http://c.example'><img src=http://d.example/p.gif>"
      "<img width=1 height=1 src=http://e.example/t.gif>");
  EXPECT_THAT(view.links,
              testing::ElementsAre("http://a.example/?x=1&y=2", "b.example", "http://c.example"));
  EXPECT_THAT(view.sources,
              testing::ElementsAre("http://d.example/p.gif", "http://e.example/t.gif"));
  EXPECT_EQ(view.images, 1U);
}

TEST(HtmlText, CarelessHtmlIsText) {
  EXPECT_EQ(text_of("write to <a@b.example> or 1 < 2 <"), "write to <a@b.example> or 1 < 2 <");
  EXPECT_EQ(text_of("<p title=\"x>words <b>seen"), "words seen");
}

TEST(HtmlText, WhatIsHiddenStaysSoBelowManyBoxes) {
  std::string html;
  for (int i = 0; i < 300; ++i) html += "<div>";
  EXPECT_EQ(read(html + "<div style='display:none'>no <b>no</b></div><p>yes <a href=x>it is").text,
            "yes it is");
}

TEST(HtmlText, StaysWithinItsLimits) {
  HtmlView view;
  std::string html;
  for (int i = 0; i < 5000; ++i) html += "<a href=http://x" + std::to_string(i) + ".de/>word ";
  read_html(html, view, {.text_bytes = 1000, .links = 10});
  EXPECT_LE(view.text.size(), 1000U);
  EXPECT_EQ(view.links.size(), 10U);
  EXPECT_TRUE(view.truncated);
}

// Each is quadratic for a reader that begins anew at every "<".
TEST(HtmlText, HostileHtmlTakesLinearTime) {
  for (const char* piece : {"<a ", "<a b=\"", "<!", "<title>", "<style>", "</x>", "<div>", "&", "<",
                            "<a b='>", "<!--", "<p style=\"color:"}) {
    std::string html;
    while (html.size() < 1'000'000) html += piece;
    const auto begin = std::chrono::steady_clock::now();
    (void)read(html);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4)) << piece;
  }
}

TEST(HtmlStyle, ColoursOfEverySpelling) {
  EXPECT_EQ(parse_color("#0F8"), 0x00FF88U);
  EXPECT_EQ(parse_color("#00ff88"), 0x00FF88U);
  EXPECT_EQ(parse_color("rgba( 1, 2,3, .5)"), 0x010203U);
  EXPECT_EQ(parse_color("Black"), 0U);
  EXPECT_EQ(parse_color("chartreuse-ish"), std::nullopt);
  EXPECT_TRUE(colors_alike(0xFFFFFF, 0xFDFDFD));
  EXPECT_FALSE(colors_alike(0xFFFFFF, 0xCCCCCC));
}

}  // namespace
}  // namespace leumund::wire
