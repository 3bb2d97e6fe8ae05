//! What dates are read as, a line each.

use super::parse;

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    let actual = parse(text).map(|date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    assert_eq!(actual.as_deref(), expected, "{text:?}");
}

#[test]
fn standard_forms() {
    check("2003-12-31T10:14:55Z", Some("2003-12-31T10:14:55Z"));
    check(
        "2007-04-23T23:25:47.538+10:00",
        Some("2007-04-23T13:25:47Z"),
    );
    check("2014-12-29T14:53:35+0200", Some("2014-12-29T12:53:35Z"));
    check("2006-01-02T15:04:05:-0700", Some("2006-01-02T22:04:05Z"));
    check("2004-07-08 23:56:58.0", Some("2004-07-08T23:56:58Z"));
    check("2004-07-08 23:56:58 -00:20", Some("2004-07-09T00:16:58Z"));
    check("2003-12-31T24:00:00Z", Some("2004-01-01T00:00:00Z"));
    check("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:60Z"));
    check(
        "Thu, 01 Jan 2004 19:48:21 GMT",
        Some("2004-01-01T19:48:21Z"),
    );
    check("Thu, 01 Jan 04 19:48:21 GMT", Some("2004-01-01T19:48:21Z"));
    check(
        "Mon, 2 Jan 2006 15:04:05 -0700 GMT",
        Some("2006-01-02T22:04:05Z"),
    );
    check(
        "Mon, 02 Jan 2006 15:04:05 MST -0700",
        Some("2006-01-02T22:04:05Z"),
    );
    check(
        "Sun Jul 15 01:16:00 +0000 2012",
        Some("2012-07-15T01:16:00Z"),
    );
    check("Mon Jan  2 15:04:05 2006", Some("2006-01-02T15:04:05Z"));
    check(
        "Mon, 01 Jan 0001 00:00:00 UTC",
        Some("0001-01-01T00:00:00Z"),
    );
}

#[test]
fn forms_of_iso_8601() {
    check("2003", Some("2003-01-01T00:00:00Z"));
    check("2003-12", Some("2003-12-01T00:00:00Z"));
    check("20031231", Some("2003-12-31T00:00:00Z"));
    check("2003-335", Some("2003-12-01T00:00:00Z"));
    check("2003335", Some("2003-12-01T00:00:00Z"));
    check("03335", Some("2003-12-01T00:00:00Z"));
    check("03-12-31", Some("2003-12-31T00:00:00Z"));
    check("2004-W53-6", Some("2005-01-01T00:00:00Z"));
    check("2004W536", Some("2005-01-01T00:00:00Z"));
    check("20031231T101455Z", Some("2003-12-31T10:14:55Z"));
    check("2003-12-31T10:14", Some("2003-12-31T10:14:00Z"));
}

#[test]
fn zones_by_name() {
    check(
        "Mon, 26 January 2004 16:31:00 PT",
        Some("2004-01-27T00:31:00Z"),
    );
    check(
        "Mon, 26 July 2004 16:31:00 PT",
        Some("2004-07-26T23:31:00Z"),
    );
    check(
        "Fri, 31 Mar 2023 20:19:00 America/Los_Angeles",
        Some("2023-04-01T03:19:00Z"),
    );
    check(
        "Thu, 25 Feb 2016 00:00:00 Europe/Brussels",
        Some("2016-02-24T23:00:00Z"),
    );
    check(
        "Thu, 25 Aug 2016 00:00:00 Europe/Brussels",
        Some("2016-08-24T22:00:00Z"),
    );
    check(
        "Wed, 19 Aug 2009 18:28:00 Etc/GMT",
        Some("2009-08-19T18:28:00Z"),
    );
    check(
        "Wed, 19 Feb 2012 22:40:00 GMT-01:01",
        Some("2012-02-19T23:41:00Z"),
    );
    check("2020-05-01 10:00 GMT+7", Some("2020-05-01T03:00:00Z"));
    check(
        "Thu Nov 12 2020 17:00:00 GMT+0000 (Coordinated Universal Time)",
        Some("2020-11-12T17:00:00Z"),
    );
    check("01 Jan 2020 12:00 IST", Some("2020-01-01T06:30:00Z"));
    check("01 Jan 2020 12:00 QQT", None);
}

#[test]
fn forms_of_people() {
    check(
        "Friday, December 8, 2017 - 3:07pm",
        Some("2017-12-08T15:07:00Z"),
    );
    check("January 2, 2006, 3:04 p.m.", Some("2006-01-02T15:04:00Z"));
    check("Mon, 09 Apr 2018, 16:04", Some("2018-04-09T16:04:00Z"));
    check(
        "Mon, 16th Nov 2020 13:16:28 GMT",
        Some("2020-11-16T13:16:28Z"),
    );
    check("Mon, 02 Jan 2006 15 -0700", Some("2006-01-02T22:00:00Z"));
    check("Mon, 02 Jan 2006 15:04:05 00", Some("2006-01-02T15:04:05Z"));
    check(
        "Mon, 2 Jan 2006 15:4:5 -0700 GMT",
        Some("2006-01-02T22:04:05Z"),
    );
    check("09/15/2014 4:20 pm PST", Some("2014-09-16T00:20:00Z"));
    check("Fri, 26/06/2020", Some("2020-06-26T00:00:00Z"));
    check("30.10.23", Some("2023-10-30T00:00:00Z"));
    check("1.2.2023", Some("2023-02-01T00:00:00Z"));
}

#[test]
fn months_of_other_languages() {
    check(
        "Do, 29 Mär 2018 00:00:00 +0200",
        Some("2018-03-28T22:00:00Z"),
    );
    check(
        "mer, 16 nov 2022 00:38:15 +0100",
        Some("2022-11-15T23:38:15Z"),
    );
    check(
        "mar, 15 nov 2022 00:38:15 +0100",
        Some("2022-11-14T23:38:15Z"),
    );
    check(
        "Κυρ, 11 Ιούλ 2004 12:00:00 EST",
        Some("2004-07-11T17:00:00Z"),
    );
    check("10 Kasım 2020 Salı 14:05", Some("2020-11-10T14:05:00Z"));
    check("5 Ağustos 2021", Some("2021-08-05T00:00:00Z"));
    check("1er août 2021", Some("2021-08-01T00:00:00Z"));
    check("3 de marzo de 2021", Some("2021-03-03T00:00:00Z"));
    check("15 września 2021", Some("2021-09-15T00:00:00Z"));
    check(
        "Пн, 05 февраля 2018 12:00:00 +0300",
        Some("2018-02-05T09:00:00Z"),
    );
    check("2004-július-13T9:15-05:00", Some("2004-07-13T14:15:00Z"));
    check("५ मार्च 2021", Some("2021-03-05T00:00:00Z"));
    check("12 జనవరి 2022", Some("2022-01-12T00:00:00Z"));
    check("2004-05-25 오후 11:23:17", Some("2004-05-25T14:23:17Z"));
    check("2004년 05월 28일 01:31:15", Some("2004-05-28T01:31:15Z"));
    check("2021年3月5日", Some("2021-03-05T00:00:00Z"));
}

#[test]
fn what_is_unclear_gives_nothing() {
    for text in [
        "",
        "02/03/2020",
        "2-1-2006",
        "Sun, 16 zzz 2012 11:47:32 GMT",
        "Sun, Dec x 2012 11:47:32 GMT",
        "Sun, 16 Dec zz 11:47:32 GMT",
        "Sun, 99 Jun 2009 12:00:00 GMT",
        "9999-12-31T23:59:59-99:99",
        "2003-12-31T10:61:55Z",
        "2021-02-30",
        "16 Nov",
        "12:30",
        "hello",
        "1 2 3 4 5 2020",
        "2020-01-01 10:00 and more words",
        "\u{0}\u{1}",
    ] {
        check(text, None);
    }
}

#[test]
fn an_ambiguous_date_is_decided_by_its_weekday() {
    check("Fri, 05/06/2020", Some("2020-06-05T00:00:00Z"));
    check("Wed, 05/06/2020", Some("2020-05-06T00:00:00Z"));
    check("Mon, 05/06/2020", None);
}
