#include "wire/html_entities.h"

#include <algorithm>
#include <array>

namespace leumund::wire {
namespace {

struct Named {
  std::string_view name;
  std::uint32_t point;
};

// HTML 4, the Cyrillic ones, and what hides letters or signs in mail; sorted by name (ASCII).
// clang-format off
constexpr std::array named = {
  Named{"AElig", 0xc6}, Named{"Aacute", 0xc1}, Named{"Acirc", 0xc2}, Named{"Acy", 0x410},
  Named{"Agrave", 0xc0}, Named{"Alpha", 0x391}, Named{"Aogon", 0x104}, Named{"Aring", 0xc5},
  Named{"Atilde", 0xc3}, Named{"Auml", 0xc4}, Named{"Bcy", 0x411}, Named{"Beta", 0x392},
  Named{"CHcy", 0x427}, Named{"Cacute", 0x106}, Named{"Ccaron", 0x10c}, Named{"Ccedil", 0xc7},
  Named{"Chi", 0x3a7}, Named{"DJcy", 0x402}, Named{"DScy", 0x405}, Named{"DZcy", 0x40f},
  Named{"Dagger", 0x2021}, Named{"Dcy", 0x414}, Named{"Delta", 0x394}, Named{"ETH", 0xd0},
  Named{"Eacute", 0xc9}, Named{"Ecaron", 0x11a}, Named{"Ecirc", 0xca}, Named{"Ecy", 0x42d},
  Named{"Egrave", 0xc8}, Named{"Eogon", 0x118}, Named{"Epsilon", 0x395}, Named{"Eta", 0x397},
  Named{"Euml", 0xcb}, Named{"Fcy", 0x424}, Named{"GJcy", 0x403}, Named{"Gamma", 0x393},
  Named{"Gcy", 0x413}, Named{"HARDcy", 0x42a}, Named{"IEcy", 0x415}, Named{"IOcy", 0x401},
  Named{"Iacute", 0xcd}, Named{"Icirc", 0xce}, Named{"Icy", 0x418}, Named{"Idot", 0x130},
  Named{"Igrave", 0xcc}, Named{"InvisibleComma", 0x2063}, Named{"InvisibleTimes", 0x2062},
  Named{"Iota", 0x399}, Named{"Iukcy", 0x406}, Named{"Iuml", 0xcf}, Named{"Jcy", 0x419},
  Named{"Jsercy", 0x408}, Named{"Jukcy", 0x404}, Named{"KHcy", 0x425}, Named{"KJcy", 0x40c},
  Named{"Kappa", 0x39a}, Named{"Kcy", 0x41a}, Named{"LJcy", 0x409}, Named{"Lambda", 0x39b},
  Named{"Lcy", 0x41b}, Named{"Lstrok", 0x141}, Named{"Mcy", 0x41c}, Named{"Mu", 0x39c},
  Named{"NJcy", 0x40a}, Named{"Ncy", 0x41d}, Named{"NegativeMediumSpace", 0x200b},
  Named{"NegativeThinSpace", 0x200b}, Named{"NewLine", 0xa}, Named{"NoBreak", 0x2060},
  Named{"Ntilde", 0xd1}, Named{"Nu", 0x39d}, Named{"OElig", 0x152}, Named{"Oacute", 0xd3},
  Named{"Ocirc", 0xd4}, Named{"Ocy", 0x41e}, Named{"Ograve", 0xd2}, Named{"Omega", 0x3a9},
  Named{"Omicron", 0x39f}, Named{"Oslash", 0xd8}, Named{"Otilde", 0xd5}, Named{"Ouml", 0xd6},
  Named{"Pcy", 0x41f}, Named{"Phi", 0x3a6}, Named{"Pi", 0x3a0}, Named{"Prime", 0x2033},
  Named{"Psi", 0x3a8}, Named{"Rcaron", 0x158}, Named{"Rcy", 0x420}, Named{"Rho", 0x3a1},
  Named{"SHCHcy", 0x429}, Named{"SHcy", 0x428}, Named{"SOFTcy", 0x42c}, Named{"Sacute", 0x15a},
  Named{"Scaron", 0x160}, Named{"Scy", 0x421}, Named{"Sigma", 0x3a3}, Named{"THORN", 0xde},
  Named{"TSHcy", 0x40b}, Named{"TScy", 0x426}, Named{"Tab", 0x9}, Named{"Tau", 0x3a4},
  Named{"Tcy", 0x422}, Named{"Theta", 0x398}, Named{"Uacute", 0xda}, Named{"Ubrcy", 0x40e},
  Named{"Ucirc", 0xdb}, Named{"Ucy", 0x423}, Named{"Ugrave", 0xd9}, Named{"Upsilon", 0x3a5},
  Named{"Uring", 0x16e}, Named{"Uuml", 0xdc}, Named{"Vcy", 0x412}, Named{"Xi", 0x39e},
  Named{"YAcy", 0x42f}, Named{"YIcy", 0x407}, Named{"YUcy", 0x42e}, Named{"Yacute", 0xdd},
  Named{"Ycy", 0x42b}, Named{"Yuml", 0x178}, Named{"ZHcy", 0x416}, Named{"Zcaron", 0x17d},
  Named{"Zcy", 0x417}, Named{"Zdot", 0x17b}, Named{"ZeroWidthSpace", 0x200b}, Named{"Zeta", 0x396},
  Named{"aacute", 0xe1}, Named{"abreve", 0x103}, Named{"acirc", 0xe2}, Named{"acute", 0xb4},
  Named{"acy", 0x430}, Named{"aelig", 0xe6}, Named{"agrave", 0xe0}, Named{"alefsym", 0x2135},
  Named{"alpha", 0x3b1}, Named{"amp", 0x26}, Named{"and", 0x2227}, Named{"ang", 0x2220},
  Named{"aogon", 0x105}, Named{"apos", 0x27}, Named{"aring", 0xe5}, Named{"ast", 0x2a},
  Named{"asymp", 0x2248}, Named{"atilde", 0xe3}, Named{"auml", 0xe4}, Named{"bcy", 0x431},
  Named{"bdquo", 0x201e}, Named{"beta", 0x3b2}, Named{"brvbar", 0xa6}, Named{"bull", 0x2022},
  Named{"cacute", 0x107}, Named{"cap", 0x2229}, Named{"ccaron", 0x10d}, Named{"ccedil", 0xe7},
  Named{"cedil", 0xb8}, Named{"cent", 0xa2}, Named{"chcy", 0x447}, Named{"chi", 0x3c7},
  Named{"circ", 0x2c6}, Named{"clubs", 0x2663}, Named{"colon", 0x3a}, Named{"comma", 0x2c},
  Named{"commat", 0x40}, Named{"cong", 0x2245}, Named{"copy", 0xa9}, Named{"crarr", 0x21b5},
  Named{"cup", 0x222a}, Named{"curren", 0xa4}, Named{"dArr", 0x21d3}, Named{"dagger", 0x2020},
  Named{"darr", 0x2193}, Named{"dash", 0x2010}, Named{"dcy", 0x434}, Named{"deg", 0xb0},
  Named{"delta", 0x3b4}, Named{"diams", 0x2666}, Named{"divide", 0xf7}, Named{"djcy", 0x452},
  Named{"dollar", 0x24}, Named{"dscy", 0x455}, Named{"dzcy", 0x45f}, Named{"eacute", 0xe9},
  Named{"ecaron", 0x11b}, Named{"ecirc", 0xea}, Named{"ecy", 0x44d}, Named{"egrave", 0xe8},
  Named{"empty", 0x2205}, Named{"emsp", 0x2003}, Named{"emsp13", 0x2004}, Named{"emsp14", 0x2005},
  Named{"ensp", 0x2002}, Named{"eogon", 0x119}, Named{"epsilon", 0x3b5}, Named{"equals", 0x3d},
  Named{"equiv", 0x2261}, Named{"eta", 0x3b7}, Named{"eth", 0xf0}, Named{"euml", 0xeb},
  Named{"euro", 0x20ac}, Named{"excl", 0x21}, Named{"exist", 0x2203}, Named{"fcy", 0x444},
  Named{"fnof", 0x192}, Named{"forall", 0x2200}, Named{"frac12", 0xbd}, Named{"frac14", 0xbc},
  Named{"frac34", 0xbe}, Named{"frasl", 0x2044}, Named{"gamma", 0x3b3}, Named{"gbreve", 0x11f},
  Named{"gcy", 0x433}, Named{"ge", 0x2265}, Named{"gjcy", 0x453}, Named{"gt", 0x3e},
  Named{"hArr", 0x21d4}, Named{"hairsp", 0x200a}, Named{"hardcy", 0x44a}, Named{"harr", 0x2194},
  Named{"hearts", 0x2665}, Named{"hellip", 0x2026}, Named{"hyphen", 0x2010}, Named{"iacute", 0xed},
  Named{"icirc", 0xee}, Named{"icy", 0x438}, Named{"iecy", 0x435}, Named{"iexcl", 0xa1},
  Named{"igrave", 0xec}, Named{"image", 0x2111}, Named{"infin", 0x221e}, Named{"inodot", 0x131},
  Named{"int", 0x222b}, Named{"iocy", 0x451}, Named{"iota", 0x3b9}, Named{"iquest", 0xbf},
  Named{"isin", 0x2208}, Named{"iukcy", 0x456}, Named{"iuml", 0xef}, Named{"jcy", 0x439},
  Named{"jsercy", 0x458}, Named{"jukcy", 0x454}, Named{"kappa", 0x3ba}, Named{"kcy", 0x43a},
  Named{"khcy", 0x445}, Named{"kjcy", 0x45c}, Named{"lArr", 0x21d0}, Named{"lambda", 0x3bb},
  Named{"lang", 0x2329}, Named{"laquo", 0xab}, Named{"larr", 0x2190}, Named{"lbrace", 0x7b},
  Named{"lceil", 0x2308}, Named{"lcy", 0x43b}, Named{"ldquo", 0x201c}, Named{"le", 0x2264},
  Named{"lfloor", 0x230a}, Named{"ljcy", 0x459}, Named{"lowast", 0x2217}, Named{"lowbar", 0x5f},
  Named{"loz", 0x25ca}, Named{"lpar", 0x28}, Named{"lrm", 0x200e}, Named{"lsaquo", 0x2039},
  Named{"lsqb", 0x5b}, Named{"lsquo", 0x2018}, Named{"lstrok", 0x142}, Named{"lt", 0x3c},
  Named{"macr", 0xaf}, Named{"mcy", 0x43c}, Named{"mdash", 0x2014}, Named{"micro", 0xb5},
  Named{"middot", 0xb7}, Named{"minus", 0x2212}, Named{"mu", 0x3bc}, Named{"nabla", 0x2207},
  Named{"nacute", 0x144}, Named{"nbsp", 0x20}, Named{"ncy", 0x43d}, Named{"ndash", 0x2013},
  Named{"ne", 0x2260}, Named{"ni", 0x220b}, Named{"njcy", 0x45a}, Named{"not", 0xac},
  Named{"notin", 0x2209}, Named{"nsub", 0x2284}, Named{"ntilde", 0xf1}, Named{"nu", 0x3bd},
  Named{"num", 0x23}, Named{"numsp", 0x2007}, Named{"oacute", 0xf3}, Named{"ocirc", 0xf4},
  Named{"ocy", 0x43e}, Named{"odblac", 0x151}, Named{"oelig", 0x153}, Named{"ograve", 0xf2},
  Named{"oline", 0x203e}, Named{"omega", 0x3c9}, Named{"omicron", 0x3bf}, Named{"oplus", 0x2295},
  Named{"or", 0x2228}, Named{"ordf", 0xaa}, Named{"ordm", 0xba}, Named{"oslash", 0xf8},
  Named{"otilde", 0xf5}, Named{"otimes", 0x2297}, Named{"ouml", 0xf6}, Named{"para", 0xb6},
  Named{"part", 0x2202}, Named{"pcy", 0x43f}, Named{"percnt", 0x25}, Named{"period", 0x2e},
  Named{"permil", 0x2030}, Named{"perp", 0x22a5}, Named{"phi", 0x3c6}, Named{"pi", 0x3c0},
  Named{"piv", 0x3d6}, Named{"plus", 0x2b}, Named{"plusmn", 0xb1}, Named{"pound", 0xa3},
  Named{"prime", 0x2032}, Named{"prod", 0x220f}, Named{"prop", 0x221d}, Named{"psi", 0x3c8},
  Named{"puncsp", 0x2008}, Named{"quest", 0x3f}, Named{"quot", 0x22}, Named{"rArr", 0x21d2},
  Named{"radic", 0x221a}, Named{"rang", 0x232a}, Named{"raquo", 0xbb}, Named{"rarr", 0x2192},
  Named{"rbrace", 0x7d}, Named{"rcaron", 0x159}, Named{"rceil", 0x2309}, Named{"rcy", 0x440},
  Named{"rdquo", 0x201d}, Named{"real", 0x211c}, Named{"reg", 0xae}, Named{"rfloor", 0x230b},
  Named{"rho", 0x3c1}, Named{"rlm", 0x200f}, Named{"rpar", 0x29}, Named{"rsaquo", 0x203a},
  Named{"rsqb", 0x5d}, Named{"rsquo", 0x2019}, Named{"sacute", 0x15b}, Named{"sbquo", 0x201a},
  Named{"scaron", 0x161}, Named{"scedil", 0x15f}, Named{"scy", 0x441}, Named{"sdot", 0x22c5},
  Named{"sect", 0xa7}, Named{"semi", 0x3b}, Named{"shchcy", 0x449}, Named{"shcy", 0x448},
  Named{"shy", 0xad}, Named{"sigma", 0x3c3}, Named{"sigmaf", 0x3c2}, Named{"sim", 0x223c},
  Named{"softcy", 0x44c}, Named{"sol", 0x2f}, Named{"spades", 0x2660}, Named{"sub", 0x2282},
  Named{"sube", 0x2286}, Named{"sum", 0x2211}, Named{"sup", 0x2283}, Named{"sup1", 0xb9},
  Named{"sup2", 0xb2}, Named{"sup3", 0xb3}, Named{"supe", 0x2287}, Named{"szlig", 0xdf},
  Named{"tau", 0x3c4}, Named{"tcy", 0x442}, Named{"there4", 0x2234}, Named{"theta", 0x3b8},
  Named{"thetasym", 0x3d1}, Named{"thinsp", 0x2009}, Named{"thorn", 0xfe}, Named{"tilde", 0x2dc},
  Named{"times", 0xd7}, Named{"trade", 0x2122}, Named{"tscy", 0x446}, Named{"tshcy", 0x45b},
  Named{"uArr", 0x21d1}, Named{"uacute", 0xfa}, Named{"uarr", 0x2191}, Named{"ubrcy", 0x45e},
  Named{"ucirc", 0xfb}, Named{"ucy", 0x443}, Named{"udblac", 0x171}, Named{"ugrave", 0xf9},
  Named{"uml", 0xa8}, Named{"upsih", 0x3d2}, Named{"upsilon", 0x3c5}, Named{"uring", 0x16f},
  Named{"uuml", 0xfc}, Named{"vcy", 0x432}, Named{"verbar", 0x7c}, Named{"weierp", 0x2118},
  Named{"xi", 0x3be}, Named{"yacute", 0xfd}, Named{"yacy", 0x44f}, Named{"ycy", 0x44b},
  Named{"yen", 0xa5}, Named{"yicy", 0x457}, Named{"yucy", 0x44e}, Named{"yuml", 0xff},
  Named{"zacute", 0x17a}, Named{"zcaron", 0x17e}, Named{"zcy", 0x437}, Named{"zdot", 0x17c},
  Named{"zeta", 0x3b6}, Named{"zhcy", 0x436}, Named{"zwj", 0x200d}, Named{"zwnj", 0x200c},
  Named{"zwsp", 0x200b},
};
// clang-format on
static_assert(std::ranges::is_sorted(named, {}, &Named::name));

}  // namespace

std::uint32_t html_entity(std::string_view name) {
  const auto* const found = std::ranges::lower_bound(named, name, {}, &Named::name);
  return found != named.end() && found->name == name ? found->point : 0;
}

}  // namespace leumund::wire
