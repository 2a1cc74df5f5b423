"""What the platform and its operator promise, as recording rules of Prometheus; scripts/dashboards writes them."""

from typing import NamedTuple

HTTP = "http_server_request_duration_seconds"
FACTS = "socialplatform_facts_lag_seconds"
RECONCILE = "socialplatform_operator_reconcile_duration_seconds"

ANY = 'service_namespace=~".+"'
OPERATOR = 'service_name="operator"'
# A request whose caller did not wait for its answer has neither failed nor been answered.
FAILED, ANSWERED = 'error_type!~"|cancelled"', 'error_type!="cancelled"'

TIMELINES = ANY + ',http_route=~"/v1/timelines/.*"'
BY_SIGNING_IN = 'http_route=~"/v1/sessions(/passkey|/second-factor)?|/oauth/(authorize|token)",http_request_method="POST"'
SIGN_INS = f"{ANY},{BY_SIGNING_IN}"
PASSWORDS = ANY + ',http_route="/v1/sessions",http_request_method="POST"'
PICTURES = ANY + ',http_route=~"/p/.*"'
BY_UPLOADING = 'http_route=~"/v1/photos(/tus.*|/uploads.*)?",http_request_method=~"POST|PATCH"'
UPLOADS = f"{ANY},{BY_UPLOADING}"
# A chunk of tus takes as long as whoever sends it needs: that is what it is for.
BY_UPLOADING_ALL = 'http_route=~"/v1/photos(/uploads/.*/complete)?",http_request_method="POST"'
WHOLE_UPLOADS = f"{ANY},{BY_UPLOADING_ALL}"

# How often the windows are worked out.
WINDOWS = {"30s": ["5m", "30m", "1h"], "2m": ["2h", "6h", "1d", "3d"], "5m": ["30d"]}
# Those over which alerts want more than a handful of failures: of twenty requests one is far too many, and nothing to get up for.
COUNTED = ["1h", "6h", "1d", "3d"]
# What a budget is for, and what it is added up of: a month of requests is more than a Prometheus looks at every few minutes.
MONTH, SUMMED = "30d", "5m"


class Objective(NamedTuple):
    """Of the events that the series `whole` counts, at most the share `budget` fails."""
    name: str
    budget: float
    whole: str
    # One of them: what counts those that fail, and what counts those that do not.
    bad: str = ""
    good: str = ""
    # Two platforms may have one name, in two namespaces.
    by: str = "service_namespace, k8s_namespace_name"
    whose: str = ANY

    def of(self, series, window, function="rate"):
        return f"sum by ({self.by}) ({function}({series}[{window}]))"

    def failing(self, window, function="rate"):
        """Those that fail. Where none ever did, or none was ever good, that series is not there."""
        whole = self.of(self.whole, window, function)
        if self.bad:
            return f"({self.of(self.bad, window, function)} or 0 * {whole})"
        return f"({whole} - ({self.of(self.good, window, function)} or 0 * {whole}))"

    def records(self, window):
        """What is recorded over a window, by name."""
        if window == MONTH:
            failed, all_ = (f'sum_over_time(slo:{what}:{SUMMED}{{{self.whose},slo="{self.name}"}}[{window}])' for what in ("failures", "events"))
            yield f"slo:budget_left:{window}", f"1 - {failed} / {all_} / {self.budget}"
            return
        yield f"slo:burn_rate:{window}", f"{self.failing(window)} / {self.of(self.whole, window)} / {self.budget}"
        if window in [SUMMED, *COUNTED]:
            yield f"slo:failures:{window}", self.failing(window, "increase")
        if window == SUMMED:
            yield f"slo:events:{window}", self.of(self.whole, window, "increase")


def within(seconds):
    """The bucket of what took no longer. Prometheus 3 says 1.0 of whole seconds where those before it kept the 1 that they read."""
    return f'le="{seconds}"' if "." in seconds else f'le=~"{seconds}([.]0)?"'


def available(name, where):
    """999 of 1000 requests are not answered with a failure of ours."""
    return Objective(name, 0.001, f"{HTTP}_count{{{where},{ANSWERED}}}", bad=f"{HTTP}_count{{{where},{FAILED}}}")


def fast(name, where, seconds):
    """99 of 100 requests are answered in time. A failure is no answer, however soon it comes."""
    good = f'{HTTP}_bucket{{{where},error_type=~"|cancelled",{within(seconds)}}}'
    return Objective(name, 0.01, f"{HTTP}_count{{{where}}}", good=good)


PLATFORM = [
    available("availability", ANY),
    available("sign_in_availability", SIGN_INS),
    available("photo_availability", PICTURES),
    available("upload_availability", UPLOADS),
    fast("timeline_latency", TIMELINES, "0.25"),
    fast("sign_in_latency", PASSWORDS, "1"),
    fast("upload_latency", WHOLE_UPLOADS, "5"),
    Objective("fact_delivery", 0.01, f"{FACTS}_count{{{ANY}}}", good=f'{FACTS}_bucket{{{ANY},{within("2.5")}}}'),
]
# Of the operator, whose platforms' rules are not about it.
OPERATORS = [
    Objective("reconcile", 0.01, f"{RECONCILE}_count{{{OPERATOR}}}", by="service_name", whose=OPERATOR,
              good=f'{RECONCILE}_bucket{{{OPERATOR},outcome!="error",{within("30")}}}'),
]


def rules(group, objectives):
    """A rule file: each window of each objective."""
    lines = [
        "# Written by scripts/dashboards. Do not edit.",
        "# slo:burn_rate:<window>: how many times faster than its objective allows a budget of errors went, over the window.",
        "# slo:failures:<window>: how many events failed their objective within it; slo:events:<window>: how many there were.",
        "# slo:budget_left:30d: the share of the errors allowed in thirty days that is left; below zero the objective is missed.",
        "groups:",
    ]
    for interval, windows in WINDOWS.items():
        lines += [f"- name: {group}-{interval}", f"  interval: {interval}", "  rules:"]
        for objective in objectives:
            for name, expression in (record for window in windows for record in objective.records(window)):
                lines += [f"  - record: {name}", f"    expr: {expression}", "    labels:", f"      slo: {objective.name}"]
    return "\n".join(lines) + "\n"
