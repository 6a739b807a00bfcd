"""Files as companies really have them, made by code: a messy workbook and a folder of documents."""

import zipfile
from datetime import date, datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

LONG = "这一段回答写得太长了，客户看不完。" * 50
"""2550 bytes."""


def messy_workbook(path: Path) -> Path:
    """Everything at once that spoils an import: see the comments."""
    book = Workbook()
    _presale(book.active or book.create_sheet())
    _aftersale(book.create_sheet("售后"))
    hidden = book.create_sheet("草稿")
    hidden.append(["问题", "答案"])
    hidden.append(["还没写完", "……"])
    hidden.sheet_state = "hidden"
    book.create_sheet("说明").append(["请按模板填写，勿改表头"])
    book.save(path)
    _cache_a_formula(path)
    return path


def _presale(sheet: Worksheet) -> None:
    sheet.title = "售前"
    sheet.append(["云栖优选客服知识库（内部资料，请勿外传）"])  # a banner above the header
    sheet.merge_cells("A1:G1")
    sheet.append([])
    sheet.append(["序号", "知识分类", "标准问题 ", "相似问法", "标准回复", "有效期", "启用状态"])
    sheet.append(
        [1, "物流", "多久发货？", "什么时候发货；几天能发", "现货４８小时内发出。", "长期", "启用"]
    )
    sheet.append(
        [2, None, "运费怎么算", "包邮吗|邮费多少", "满 99 元包邮，不满收 8 元。", None, "启用"]
    )
    sheet.merge_cells("B4:B5")  # one category for two rows
    sheet.append([])
    sheet.append(["二、售前咨询"])  # a section as one merged row
    sheet.merge_cells("A7:G7")
    sheet.append([3, None, "有实体店吗\u200b", None, "\u3000我们只有线上店。  ", None, "启用"])
    sheet.append([None, None, None, "线下在哪里买", None, None, None])  # a phrasing of row 8
    sheet.append(
        [4, "活动", "双十一有优惠吗", None, "全场 8 折。", "2026.11.01-2026.11.11", "启用"]
    )
    sheet.append([5, "活动", "新人有券吗", None, "新人送 10 元券。", "待定", "启用"])  # no date
    sheet.append(
        [6, "物流", "多久发货", "啥时候发", "现货48小时内发出。", None, "启用"]
    )  # row 4 again
    sheet.append(
        [7, "物流", "运费怎么算？", None, "一律 10 元。", None, "启用"]
    )  # contradicts row 5
    sheet.append([8, "联系", "客服电话", None, 4008001234.0, None, "启用"])  # a number
    sheet.append([9, "活动", "下次上新是哪天", None, date(2026, 12, 1), None, "启用"])
    sheet.append([10, "商品", "能不能刻字", None, None, None, "启用"])  # no answer
    sheet.append([11, "商品", None, None, "可以刻字，每件加 20 元。", None, "启用"])  # no question
    sheet.append([12, "商品", "面料是什么", None, LONG, None, "启用"])
    sheet.append([13, "商品", "还有旧款吗", None, "没有了。", None, "停用"])
    sheet.append([14, "商品", "可以定制吗", None, '=CONCAT("起订 ",50," 件")', None, "启用"])
    sheet.append(["序号", "知识分类", "标准问题 ", "相似问法", "标准回复", "有效期", "启用状态"])
    sheet.append(
        [
            15,
            "商品",
            "ＡＰＰ怎么下载",
            None,
            "<p>应用商店搜“云栖”。</p><p>或扫码。</p>",
            None,
            "启用",
        ]
    )


def _aftersale(sheet: Worksheet) -> None:
    """Starts at C5; question and answer are merged over the rows of their phrasings."""
    for column, head in enumerate(("问", "用户问法1", "用户问法2", "答"), 3):
        sheet.cell(5, column, head)
    rows = [
        ("怎么退货", "想退货", "退货流程", "签收后 7 天内，\r\n在订单页点“申请退货”。"),
        (None, "东西不要了怎么退", None, None),
        (None, "咋退", None, None),
        ("运费谁出", None, None, "质量问题我们出。"),
    ]
    for at, row in enumerate(rows, 6):
        for column, cell in enumerate(row, 3):
            sheet.cell(at, column, cell)
    sheet.merge_cells("C6:C8")
    sheet.merge_cells("F6:F8")
    sheet.cell(11, 6, datetime(2026, 1, 1, 9, 30))  # noqa: DTZ001 (a cell has no zone)


def _cache_a_formula(path: Path) -> None:
    """Put in what Excel would have calculated; openpyxl writes the formula alone."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    text = parts[name].decode()
    before = text[: text.index("</f>")]
    cell = before.rindex("<c ")
    head = before[cell:].replace("<c ", '<c t="str" ', 1)
    after = text[text.index("</f>") + 4 :]
    after = after[after.index("</c>") :]
    parts[name] = f"{text[:cell]}{head}</f><v>起订 50 件</v>{after}".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts.items():
            archive.writestr(part, data)


RETURNS = """\
---
title: 退换货政策
---
# 退换货

退换货适用于在官方商城购买的商品。线下专柜购买的，请到原专柜办理。

## 七天无理由退货多少天内有效？

签收后 **7 天内**，不影响二次销售即可。[详细说明](https://example.com/return)

## 不能退的商品

定制商品、已拆封的内衣、临近保质期的食品，除质量问题外不支持退货。

| 品类 | 期限 |
|---|---|
| 服装 | 7 天 |
| 家电 | 15 天 |

## 换货

### 流程

1. 在订单页点“申请换货”
2. 寄回商品
3. 收到后 2 天内寄出新的
"""

SHIPPING = """\
# 物流常见问题

问：偏远地区包邮吗？
答：满 199 元包邮。
   新疆、西藏另加 15 元。

Q2：可以指定快递吗
A：可以备注，仓库尽量安排。

以上以下单时页面显示为准。
"""

MEMBERS = """\
<html><head><title>会员中心</title><script>alert(1)</script></head><body>
<nav><a href="/">首页</a> 登录</nav>
<main><h1>会员中心</h1>
<h2>1. 积分会过期吗？</h2><p>积分 <b>12 个月</b>有效。<br>到期前会提醒。</p>
<dl><dt>怎么升级</dt><dd>累计消费满 1000 元升级为银卡。</dd></dl>
<h2>权益</h2><table><tr><th>等级</th><th>折扣</th></tr><tr><td>银卡</td><td>95 折</td></tr>
<tr><td>金卡</td><td>9 折</td></tr></table>
</main><footer>版权所有</footer></body></html>
"""

NOTES = "门店营业时间\n\n一、平日\n周一到周五 10:00 到 22:00 营业。\n\n二、节假日\n延长到 23:00。\n"


def documents(folder: Path) -> Path:
    """A folder as it grows: Markdown, html, text, a table, and what is none of it."""
    (folder / "sub").mkdir(parents=True)
    (folder / "退换货.md").write_text(RETURNS, "utf-8")
    (folder / "sub" / "shipping.md").write_bytes(SHIPPING.replace("\n", "\r\n").encode())
    (folder / "members.html").write_text(MEMBERS, "utf-8")
    (folder / "notes.txt").write_bytes(NOTES.encode("gb18030"))
    (folder / "价格.csv").write_bytes("问题;答案\n贵吗;不贵。\n能便宜吗;不能。\n".encode("gb18030"))
    (folder / "logo.png").write_bytes(b"\x89PNG")
    (folder / "~$temp.xlsx").write_bytes(b"")
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    return folder
